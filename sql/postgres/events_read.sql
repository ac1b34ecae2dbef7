-- The events after a place. $1 the place, $2 how many at the most.
SELECT
    sequence, account, version, balance, held, overdraft_limit, transactions, status, decided_at, body, spent, limits
FROM bursar.events
WHERE sequence > $1
ORDER BY sequence
LIMIT $2;
