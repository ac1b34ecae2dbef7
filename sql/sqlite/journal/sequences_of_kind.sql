-- Where the events of a kind stand in a run.
-- ?1 the kind, ?2 the sequence before, ?3 the run.
SELECT sequence
FROM events
WHERE sequence > max(?2, (?3 << 10) - 1)
    AND sequence < (?3 + 1) << 10
    AND kind = ?1
ORDER BY sequence;
