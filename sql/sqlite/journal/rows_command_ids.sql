-- Command ids of events in the order of their bytes.
-- ?1 the first, ?2 how many at the most.
SELECT command_id
FROM events
WHERE command_id >= ?1
ORDER BY command_id
LIMIT ?2;
