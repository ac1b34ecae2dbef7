-- The last event that reverses a movement. $1 the movement's sequence.
SELECT
    sequence, account, version, balance, held, overdraft_limit, transactions, status, decided_at, body, spent, limits
FROM bursar.events
WHERE reverses = $1
ORDER BY sequence DESC
LIMIT 1;
