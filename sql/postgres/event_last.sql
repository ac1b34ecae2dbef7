-- An account's last event at or before a place of the log that the streams reach, which holds the account as it was there.
-- $1 account key, $2 the place.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits
FROM bursar.events AS event
WHERE event.account = $1 AND event.sequence = bursar.event_at($1, $2);
