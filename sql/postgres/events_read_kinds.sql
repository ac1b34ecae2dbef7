-- The events of some types after a place: each type is read from its index up to the limit, and those are merged.
-- $1 the place, $2 types (at least one, each once), $3 how many at the most.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit, event.transactions,
    event.status, event.decided_at, event.body, event.spent, event.limits
FROM unnest($2::text[]) AS wanted (kind)
CROSS JOIN LATERAL (
    SELECT *
    FROM bursar.events
    WHERE events.kind = wanted.kind
        AND events.sequence > $1
    ORDER BY events.sequence
    LIMIT $3
) AS event
ORDER BY event.sequence
LIMIT $3;
