-- The events of some accounts after a place, as far as the streams reach: each stream is entered where it passes the place.
-- $1 the place, $2 types (empty for any), $3 how many at the most, $4 account keys, each once, $5 where the streams end.
SELECT own.*
FROM unnest($4::bigint[]) AS account (key)
CROSS JOIN LATERAL (
    SELECT
        event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
        event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits
    FROM bursar.streams AS stream
    CROSS JOIN LATERAL unnest(stream.sequences) AS place (sequence)
    JOIN bursar.events AS event ON event.sequence = place.sequence
    WHERE stream.account = account.key
        AND stream.first_version >= bursar.row_at(account.key, $1)
        AND place.sequence > $1
        AND place.sequence <= $5
        -- Where a run has none of the types, its events' rows are not looked at.
        AND (
            cardinality($2::text[]) = 0
            OR place.sequence >> 10 IN (SELECT noted.run FROM bursar.kinds AS noted WHERE noted.kind = ANY ($2))
        )
        AND (cardinality($2::text[]) = 0 OR event.kind = ANY ($2))
    ORDER BY stream.first_version, place.sequence
    LIMIT $3
) AS own
ORDER BY own.sequence
LIMIT $3;
