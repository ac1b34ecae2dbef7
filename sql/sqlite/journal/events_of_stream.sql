-- One account's events, in order.
-- ?1 the account's key, ?2 the version before, ?3 how many at the most.
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
WHERE account = ?1
    AND version > ?2
ORDER BY version
LIMIT ?3;
