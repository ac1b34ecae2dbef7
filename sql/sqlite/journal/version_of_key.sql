-- How many events an account has; NULL for none. One step into the index.
-- ?1 the account's key.
SELECT max(version)
FROM events
WHERE account = ?1;
