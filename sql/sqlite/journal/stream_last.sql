-- The last version of an account that is indexed; NULL for none. One step into the table.
-- ?1 the account's key.
SELECT max(version)
FROM streams
WHERE account = ?1;
