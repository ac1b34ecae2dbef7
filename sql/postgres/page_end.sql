-- The last batch that ends within so many events after a place; else the first one that ends after it.
-- $1 the place, $2 how many.
SELECT last_sequence, chain
FROM (
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
) AS batch
ORDER BY last_sequence
LIMIT 1;
