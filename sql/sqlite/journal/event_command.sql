-- Where the first event of an event's command stands.
-- ?1 its sequence.
SELECT sequence - place
FROM events
WHERE sequence = ?1;
