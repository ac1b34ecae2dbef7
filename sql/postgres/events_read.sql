-- The events after a place. $1 the place, $2 types (empty for any), $3 how many at the most.
SELECT
    sequence, account, version, balance, held, overdraft_limit, transactions, status, decided_at, body
FROM bursar.events
WHERE sequence > $1
    AND (cardinality($2::text[]) = 0 OR kind = ANY ($2))
ORDER BY sequence
LIMIT $3;
