-- Where the last batch ends that was committed at or before a moment; 0 where none was. Times never run backwards along
-- the log, so it is found by halving: up to low every batch is early enough, beyond high none is.
-- $1 the moment.
WITH RECURSIVE halving (low, high) AS (
    SELECT 0::bigint, coalesce(max(last_sequence), 0)
    FROM bursar.batches
    UNION ALL
    SELECT
        CASE WHEN batch.committed_at <= $1 THEN batch.last_sequence ELSE halving.low END,
        CASE WHEN batch.committed_at <= $1 THEN halving.high ELSE batch.first_sequence - 1 END
    FROM halving
    CROSS JOIN LATERAL (
        SELECT *
        FROM bursar.batches
        WHERE batches.last_sequence >= (halving.low + halving.high + 1) / 2
        ORDER BY batches.last_sequence
        LIMIT 1
    ) AS batch
    WHERE halving.low < halving.high
)
SELECT low
FROM halving
WHERE low = high;
