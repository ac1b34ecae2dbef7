-- An account's last event, which holds the account as it is: loading is one row at any length of the stream.
-- ?1 the account's id.
SELECT
    sequence,
    account,
    version,
    balance,
    held,
    overdraft_limit,
    transactions,
    status,
    decided_at,
    body,
    spent,
    limits
FROM events
WHERE account = (SELECT key FROM accounts WHERE id = ?1)
ORDER BY version DESC
LIMIT 1;
