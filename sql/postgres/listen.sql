-- Whoever has appended notifies this channel (notify.sql).
LISTEN bursar_log;
