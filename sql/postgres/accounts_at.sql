-- Accounts as they were at a place of the log, by their last events there. $1 the place, $2 account keys, $3 their last events
-- there, NULL where the streams have it.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits
FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS wanted (key, last, place)
JOIN bursar.events AS event
    ON event.account = wanted.key AND event.sequence = coalesce(wanted.last, bursar.event_at(wanted.key, $1))
ORDER BY wanted.place;
