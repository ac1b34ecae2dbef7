-- Where one account's events of some kinds stand.
-- ?1 the account's key, ?2 the version before, ?3 the kinds (a JSON array) or NULL for any, ?4 how many at the most.
SELECT sequence
FROM events
WHERE account = ?1
    AND version > ?2
    AND (?3 IS NULL OR kind IN (SELECT value FROM json_each(?3)))
ORDER BY version
LIMIT ?4;
