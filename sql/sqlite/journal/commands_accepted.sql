-- Commands that were done, by their first events, newest first.
-- ?1 only those before this sequence, ?2 how many at the most.
SELECT sequence
FROM events
WHERE sequence < ?1
    AND command_id IS NOT NULL
ORDER BY sequence DESC
LIMIT ?2;
