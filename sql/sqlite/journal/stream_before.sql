-- An account's events that are indexed, newest first, some to a row, from the row on that has a version.
-- ?1 the account's key, ?2 the version.
SELECT first_version, run_after, distances
FROM streams
WHERE account = ?1
    AND first_version <= ?2
ORDER BY first_version DESC;
