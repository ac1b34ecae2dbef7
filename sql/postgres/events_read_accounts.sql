-- The events of some accounts after a place: each account's stream is entered where it passes the place.
-- $1 the place, $2 types (empty for any), $3 how many at the most, $4 account ids, each once.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits
FROM bursar.accounts AS account
CROSS JOIN LATERAL (
    SELECT *
    FROM bursar.events
    WHERE events.account = account.key
        AND events.version > bursar.version_at(account.key, $1)
        AND (cardinality($2::text[]) = 0 OR events.kind = ANY ($2))
    ORDER BY events.version
    LIMIT $3
) AS event
WHERE account.id = ANY ($4::text[])
ORDER BY event.sequence
LIMIT $3;
