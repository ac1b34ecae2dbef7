-- Adds the proof of a batch.
-- ?1 last sequence, ?2 first sequence, ?3 Merkle root, ?4 chain, ?5 committed at (µs).
INSERT INTO batches (last_sequence, first_sequence, root, chain, committed_at)
VALUES (?1, ?2, ?3, ?4, ?5);
