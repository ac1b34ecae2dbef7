-- The chain at the end of a batch. $1 the sequence of its last event.
SELECT chain
FROM bursar.batches
WHERE last_sequence = $1;
