-- The end of the log.
SELECT log_id, last_sequence, chain, committed_at
FROM bursar.head;
