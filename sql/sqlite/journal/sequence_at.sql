-- Where the last batch ends that was committed at or before a moment; 0 where none was. Times never run backwards along
-- the log, so it is found by halving: up to low every batch is early enough, beyond high none is.
-- ?1 the moment.
WITH RECURSIVE halving (low, high) AS (
    SELECT 0, coalesce(max(last_sequence), 0)
    FROM batches
    UNION ALL
    SELECT
        iif(batch.committed_at <= ?1, batch.last_sequence, halving.low),
        iif(batch.committed_at <= ?1, halving.high, batch.first_sequence - 1)
    FROM halving
    JOIN batches AS batch ON batch.last_sequence = (
        SELECT min(last_sequence)
        FROM batches
        WHERE last_sequence >= (halving.low + halving.high + 1) / 2
    )
    WHERE halving.low < halving.high
)
SELECT low
FROM halving
WHERE low = high;
