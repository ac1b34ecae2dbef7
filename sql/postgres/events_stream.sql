-- One account's events after a version, as far as the streams reach. $1 account key, $2 the version, $3 how many at the most,
-- $4 where the streams end.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits
FROM (
    -- Each row has one of them at the least, the first one perhaps none.
    SELECT place.sequence
    FROM (
        SELECT stream.first_version, stream.sequences
        FROM bursar.streams AS stream
        WHERE stream.account = $1
            AND stream.first_version >= coalesce((
                SELECT entered.first_version
                FROM bursar.streams AS entered
                WHERE entered.account = $1 AND entered.first_version - 1 <= $2
                ORDER BY entered.first_version DESC
                LIMIT 1
            ), 0)
        ORDER BY stream.first_version
        LIMIT $3::bigint + 1
    ) AS row
    CROSS JOIN LATERAL unnest(row.sequences) WITH ORDINALITY AS place (sequence, number)
    WHERE row.first_version + place.number - 1 > $2 AND place.sequence <= $4
    ORDER BY place.sequence
    LIMIT $3
) AS own
JOIN bursar.events AS event ON event.account = $1 AND event.sequence = own.sequence
ORDER BY event.sequence;
