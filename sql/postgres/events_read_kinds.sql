-- The events of some kinds in some runs, after a place and up to another.
-- $1 the place, $2 kinds, $3 how many at the most, $4 runs, $5 the other place.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit, event.transactions,
    event.status, event.decided_at, event.body, event.spent, event.limits
FROM unnest($4::bigint[]) AS wanted (run)
CROSS JOIN LATERAL (
    SELECT *
    FROM bursar.events
    WHERE events.sequence >= wanted.run << 10
        AND events.sequence < (wanted.run + 1) << 10
        AND events.sequence > $1
        AND events.sequence <= $5
        AND events.kind = ANY ($2::text[])
) AS event
ORDER BY event.sequence
LIMIT $3;
