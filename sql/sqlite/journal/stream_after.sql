-- Where an account's events stand that are indexed, in order.
-- ?1 the account's key, ?2 the version before, ?3 the last version.
SELECT sequence
FROM streams
WHERE account = ?1
    AND version > ?2
    AND version <= ?3
ORDER BY version;
