-- Where a page ends: the last batch that ends within its size, or else the first one after its start.
-- ?1 the sequence before the page, ?2 the last sequence that the page should reach.
SELECT last_sequence, chain
FROM batches
WHERE last_sequence = coalesce(
    (SELECT max(last_sequence) FROM batches WHERE last_sequence > ?1 AND last_sequence <= ?2),
    (SELECT min(last_sequence) FROM batches WHERE last_sequence > ?1)
);
