-- The end of the log as it is stored, and whether there is an account with a key that was never given.
SELECT
    last_sequence, last_account, last_refusal, chain, committed_at,
    EXISTS (SELECT FROM bursar.accounts AS account WHERE account.key > head.last_account OR account.key < 1)
FROM bursar.head AS head;
