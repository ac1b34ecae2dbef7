-- The last versions of accounts that are indexed, and where they stand. $1 keys.
SELECT wanted.key, last.version, last.sequence
FROM unnest($1::bigint[]) AS wanted (key)
CROSS JOIN LATERAL (
    SELECT
        stream.first_version + cardinality(stream.sequences) - 1 AS version,
        stream.sequences[cardinality(stream.sequences)] AS sequence
    FROM bursar.streams AS stream
    WHERE stream.account = wanted.key
    ORDER BY stream.first_version DESC
    LIMIT 1
) AS last;
