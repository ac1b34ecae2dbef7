-- The end of the log as it is stored, and whether there is an account with a key that was never given.
SELECT
    last_sequence, last_account, last_refusal, chain, committed_at,
    EXISTS (SELECT 1 FROM accounts WHERE key > log.last_account OR key < 1)
FROM log;
