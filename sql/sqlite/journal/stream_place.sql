-- Where an account's event stands that is indexed.
-- ?1 the account's key, ?2 the version.
SELECT sequence
FROM streams
WHERE account = ?1
    AND version = ?2;
