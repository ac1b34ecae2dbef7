-- The last batch that ends within so many events after a place, else the first one that ends after it, NULL where none does;
-- whether the log has the batch that ends at another place with a chain, and whether this is a standby, which may only be
-- behind.
-- $1 the place, $2 how many, $3 the other place, 0 for the beginning, $4 the chain there.
SELECT
    batch.last_sequence, batch.chain,
    $3::bigint = 0 OR EXISTS (
        SELECT
        FROM bursar.batches AS known
        WHERE known.last_sequence = $3 AND known.chain = $4
    )
    -- A log that is damaged at its end.
    OR EXISTS (SELECT FROM bursar.head AS head WHERE head.last_sequence = $3 AND head.chain = $4),
    pg_is_in_recovery()
FROM (SELECT) AS always
LEFT JOIN (
    (
        SELECT last_sequence, chain
        FROM bursar.batches
        WHERE last_sequence > $1 AND last_sequence <= $1 + $2
        ORDER BY last_sequence DESC
        LIMIT 1
    )
    UNION ALL
    (
        SELECT last_sequence, chain
        FROM bursar.batches
        WHERE last_sequence > $1 + $2
        ORDER BY last_sequence
        LIMIT 1
    )
) AS batch ON true
ORDER BY batch.last_sequence
LIMIT 1;
