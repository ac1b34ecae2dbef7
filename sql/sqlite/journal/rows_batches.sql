-- Batches as they are stored, in order.
-- ?1 the sequence before the first, ?2 the last one's end, ?3 how many at the most.
SELECT last_sequence, first_sequence, root, chain, committed_at
FROM batches
WHERE last_sequence > ?1 AND last_sequence <= ?2
ORDER BY last_sequence
LIMIT ?3;
