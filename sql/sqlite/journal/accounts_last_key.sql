-- The key of the last account that was there at a place of the log: no row where there was none.
-- ?1 the place.
SELECT event.account
FROM kinds AS noted
    CROSS JOIN events AS event
WHERE noted.kind = 'ACCOUNT_CREATED'
    AND noted.run <= ?1 >> 10
    AND event.sequence BETWEEN noted.run << 10 AND min(?1, (noted.run << 10) + 1023)
    AND event.kind = noted.kind
ORDER BY noted.run DESC, event.sequence DESC
LIMIT 1;
