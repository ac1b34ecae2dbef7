-- The last version of an account that is indexed.
-- ?1 the account's key.
SELECT first_version + length(distances) / 2 - 1
FROM streams
WHERE account = ?1
ORDER BY first_version DESC
LIMIT 1;
