-- Where the commands stand that changed one account, newest first; one with two events on it comes twice.
-- ?1 the account's key, ?2 only up to this version.
SELECT sequence - place
FROM events
WHERE account = ?1
    AND version <= ?2
ORDER BY version DESC;
