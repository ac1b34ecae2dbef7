-- Accepted commands with their first events and sizes, newest first. $1 those that end before it, $2 how many at the most.
SELECT
    sequence, account, version, balance, held, overdraft_limit, transactions, status, decided_at, body, spent, limits, command,
    unit_size
FROM bursar.events
WHERE command_id IS NOT NULL AND sequence < $1 AND sequence + unit_size <= $1
ORDER BY sequence DESC
LIMIT $2;
