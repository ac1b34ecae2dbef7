-- One account's events after a version, as far as the streams reach. $1 account key, $2 the version, $3 how many at the most,
-- $4 where the streams end.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits
FROM bursar.streams AS stream
CROSS JOIN LATERAL unnest(stream.sequences) AS place (sequence)
JOIN bursar.events AS event ON event.sequence = place.sequence
WHERE stream.account = $1
    AND stream.first_version >= coalesce((
        SELECT entered.first_version
        FROM bursar.streams AS entered
        WHERE entered.account = $1 AND entered.first_version <= $2::bigint + 1
        ORDER BY entered.first_version DESC
        LIMIT 1
    ), 0)
    AND event.version > $2
    AND place.sequence <= $4
ORDER BY stream.first_version, place.sequence
LIMIT $3;
