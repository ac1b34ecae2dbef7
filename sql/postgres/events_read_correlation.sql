-- The events of one conversation after a place. A command whose id is the conversation's has none written down.
-- $1 the place, $2 types (empty for any), $3 how many at the most, $4 account ids (empty for any), $5 the conversation.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits
FROM (
    (
        SELECT *
        FROM bursar.events
        WHERE correlation = $5 AND sequence > $1
    )
    UNION ALL
    (
        SELECT own.*
        FROM bursar.events AS first
        JOIN bursar.events AS own
            ON own.sequence >= first.sequence AND own.sequence < first.sequence + first.unit_size
        WHERE first.command_id = $5 AND own.correlation IS NULL AND own.sequence > $1
    )
) AS event
WHERE (cardinality($2::text[]) = 0 OR event.kind = ANY ($2))
    AND (
        cardinality($4::text[]) = 0
        OR event.account IN (SELECT key FROM bursar.accounts WHERE id = ANY ($4))
    )
ORDER BY event.sequence
LIMIT $3;
