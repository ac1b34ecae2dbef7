-- The database's clock, in µs, whether the session can only read (on a standby, or where it was told so), and whether the log
-- has the batch that ends at a place with a chain. $1 the place, 0 for the beginning, $2 the chain there.
SELECT
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
    current_setting('transaction_read_only')::boolean,
    $1 = 0 OR EXISTS (
        SELECT
        FROM bursar.batches AS batch
        WHERE batch.last_sequence = $1 AND batch.chain = $2
    )
    -- A log that is damaged at its end.
    OR EXISTS (SELECT FROM bursar.head AS head WHERE head.last_sequence = $1 AND head.chain = $2);
