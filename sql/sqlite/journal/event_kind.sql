-- What an event is.
-- ?1 its sequence.
SELECT kind
FROM events
WHERE sequence = ?1;
