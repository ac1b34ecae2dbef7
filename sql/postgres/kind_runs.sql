-- The next runs that have events of some kinds, and the log's end at that moment.
-- $1 the first run that may be one, $2 kinds (at least one, each once), $3 how many at the most.
SELECT DISTINCT found.run, head.last_sequence
FROM bursar.head AS head
CROSS JOIN unnest($2::text[]) AS wanted (kind)
CROSS JOIN LATERAL (
    SELECT noted.run
    FROM bursar.kinds AS noted
    WHERE noted.kind = wanted.kind
        AND noted.run >= $1
    ORDER BY noted.run
    LIMIT $3
) AS found
ORDER BY found.run
LIMIT $3;
