-- Events by their sequences. $1 the sequences.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits
FROM unnest($1::bigint[]) AS place (sequence)
JOIN bursar.events AS event ON event.sequence = place.sequence
ORDER BY event.sequence;
