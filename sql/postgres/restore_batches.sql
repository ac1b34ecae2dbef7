-- Puts batches as they were committed in the place of the one that they were appended as, which ends where the last of
-- them does. $1 last sequences, $2 first ones, $3 times, $4 roots, $5 chains.
INSERT INTO bursar.batches AS batch (last_sequence, first_sequence, committed_at, root, chain)
SELECT past.last_sequence, past.first_sequence, past.committed_at, past.root, past.chain
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[])
    AS past (last_sequence, first_sequence, committed_at, root, chain)
ON CONFLICT (last_sequence) DO UPDATE
SET first_sequence = excluded.first_sequence,
    committed_at = excluded.committed_at,
    root = excluded.root,
    chain = excluded.chain;
