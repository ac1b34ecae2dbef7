-- Where an account's events stand that are indexed, newest first.
-- ?1 the account's key, ?2 the version behind.
SELECT sequence
FROM streams
WHERE account = ?1
    AND version < ?2
ORDER BY version DESC;
