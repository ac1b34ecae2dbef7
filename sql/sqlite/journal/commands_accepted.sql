-- Commands that were done, by their first events, newest first.
-- ?1 only those that end before this sequence, ?2 how many at the most.
SELECT sequence
FROM events
WHERE sequence < ?1
    AND command_id IS NOT NULL
    AND sequence + unit_size <= ?1
ORDER BY sequence DESC
LIMIT ?2;
