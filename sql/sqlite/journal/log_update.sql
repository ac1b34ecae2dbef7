-- Moves the end of the log, in the commit of a batch.
-- ?1 last sequence, ?2 last account key, ?3 last refusal, ?4 chain, ?5 committed at (µs), ?6 indexed.
UPDATE log
SET last_sequence = ?1,
    last_account = ?2,
    last_refusal = ?3,
    chain = ?4,
    committed_at = ?5,
    indexed = ?6;
