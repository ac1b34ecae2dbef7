-- The end of the log.
SELECT log_id, last_sequence, last_account, last_refusal, chain, committed_at, indexed
FROM log;
