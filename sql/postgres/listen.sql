-- Every append notifies this channel when it commits.
LISTEN bursar_log;
