-- Where an event of an account stands in the log, and where the first event of its command does. Both rise with the
-- version, so that a place in the log is found in a stream by halving.
-- ?1 the account's key, ?2 the version.
SELECT sequence, sequence - place
FROM events
WHERE account = ?1
    AND version = ?2;
