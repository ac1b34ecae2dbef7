-- The events from $1 to $2.
SELECT
    sequence, account, version, balance, held, overdraft_limit, transactions, status, decided_at, body, spent, limits
FROM bursar.events
WHERE sequence BETWEEN $1 AND $2
ORDER BY sequence;
