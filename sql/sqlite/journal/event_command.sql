-- Where the command of an event begins, where it ends, and its name.
-- ?1 the event's sequence.
SELECT first.sequence, first.sequence + first.unit_size - 1, first.command
FROM events AS event
JOIN events AS first ON first.sequence = event.sequence - event.place
WHERE event.sequence = ?1;
