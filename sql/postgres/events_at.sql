-- Events by their sequences. $1 the sequences, $2 types (empty for any), $3 how many at the most.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits
FROM unnest($1::bigint[]) AS place (sequence)
JOIN bursar.events AS event ON event.sequence = place.sequence
WHERE cardinality($2::text[]) = 0 OR event.kind = ANY ($2)
ORDER BY event.sequence
LIMIT $3;
