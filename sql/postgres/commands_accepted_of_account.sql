-- Accepted commands of an account's last events before a place, with their first events, which may stand on another account,
-- and their sizes; newest first. One command may have several of the events, whose number is the last column.
-- $1 the place, $2 how many events at the most, $3 account key, $4 where the streams end, $5 where the account's newest events
-- behind that stand, as many at the most.
WITH own AS MATERIALIZED (
    SELECT unnest($5::bigint[]) AS sequence
    UNION ALL
    (
        SELECT place.sequence
        FROM bursar.streams AS stream
        CROSS JOIN LATERAL unnest(stream.sequences) AS place (sequence)
        WHERE stream.account = $3
            AND stream.first_version <= bursar.row_at($3, least($1::bigint - 1, $4))
            AND place.sequence < $1
            AND place.sequence <= $4
        ORDER BY stream.first_version DESC, place.sequence DESC
        LIMIT $2
    )
    ORDER BY sequence DESC
    LIMIT $2
)
SELECT DISTINCT
    first.sequence, first.account, first.version, first.balance, first.held, first.overdraft_limit,
    first.transactions, first.status, first.decided_at, first.body, first.spent, first.limits, first.command,
    first.unit_size, (SELECT count(*) FROM own)
FROM own
CROSS JOIN LATERAL (
    SELECT *
    FROM bursar.events
    WHERE events.command_id IS NOT NULL AND events.sequence <= own.sequence
    ORDER BY events.sequence DESC
    LIMIT 1
) AS first
ORDER BY first.sequence DESC;
