-- Begins the log, once.
-- ?1 its id, ?2 the genesis of the chain.
INSERT INTO log (one, log_id, last_sequence, last_account, last_refusal, chain, committed_at, indexed)
VALUES (1, ?1, 0, 0, 0, ?2, 0, 0)
ON CONFLICT DO NOTHING;
