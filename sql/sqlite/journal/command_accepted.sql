-- What is recorded of a command that was done.
-- ?1 its id.
SELECT sequence, unit_size, fingerprint, command
FROM events
WHERE command_id = ?1;
