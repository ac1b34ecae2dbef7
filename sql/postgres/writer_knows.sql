-- Whether the log has the batch that ends at a place with a chain, and whether this is a standby, which may only be behind.
-- $1 the place, 0 for the beginning, $2 the chain there.
SELECT
    $1 = 0 OR EXISTS (
        SELECT
        FROM bursar.batches AS batch
        WHERE batch.last_sequence = $1 AND batch.chain = $2
    )
    -- A log that is damaged at its end.
    OR EXISTS (SELECT FROM bursar.head AS head WHERE head.last_sequence = $1 AND head.chain = $2),
    pg_is_in_recovery();
