-- Where the events of one kind stand.
-- ?1 the kind, ?2 the sequence before, ?3 how many at the most.
SELECT sequence
FROM events
WHERE kind = ?1
    AND sequence > ?2
ORDER BY sequence
LIMIT ?3;
