-- The chain at the end of a batch.
-- ?1 the sequence that the batch ends with.
SELECT chain
FROM batches
WHERE last_sequence = ?1;
