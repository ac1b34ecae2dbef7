-- The unit of a command. $1 its id. Fingerprint and name stand on the first row.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits,
    event.fingerprint, event.command
FROM bursar.events AS first
JOIN bursar.events AS event
    ON event.sequence >= first.sequence AND event.sequence < first.sequence + first.unit_size
WHERE first.command_id = $1
ORDER BY event.sequence;
