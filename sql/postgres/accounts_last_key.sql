-- The key of the last account that was there at a place of the log: no row where there was none. $1 the place.
SELECT created.account
FROM bursar.kinds AS noted
CROSS JOIN LATERAL (
    SELECT event.account
    FROM bursar.events AS event
    WHERE event.sequence BETWEEN noted.run << 10 AND least($1, (noted.run << 10) + 1023)
        AND event.kind = noted.kind
    ORDER BY event.sequence DESC
    LIMIT 1
) AS created
WHERE noted.kind = 'ACCOUNT_CREATED'
    AND noted.run <= $1 >> 10
ORDER BY noted.run DESC
LIMIT 1;
