-- The name of the command that an event is the first of.
-- ?1 the sequence.
SELECT command
FROM events
WHERE sequence = ?1;
