-- Moves a generation on, in the transaction that stores the documents. ?1 the generation's short id, ?2 the sequence,
-- ?3 the chain there.
UPDATE generations
SET sequence = ?2, chain = ?3
WHERE id = ?1;
