-- An account's events that are indexed, in order, some to a row, from the row on that has a version.
-- ?1 the account's key, ?2 the version, ?3 the last version.
SELECT first_version, run_after, distances
FROM streams
WHERE account = ?1
    AND first_version >= coalesce(
        (
            SELECT max(before.first_version)
            FROM streams AS before
            WHERE before.account = ?1
                AND before.first_version <= ?2
        ),
        0
    )
    AND first_version <= ?3
ORDER BY first_version;
