-- The events of a conversation: those that name it, and those of the command that it is named after, unless that
-- belongs to another.
-- ?1 the correlation, ?2 the sequence before.
SELECT
    sequence,
    account,
    version,
    balance,
    held,
    overdraft_limit,
    transactions,
    status,
    decided_at,
    body,
    spent,
    limits
FROM events
WHERE correlation = ?1
    AND sequence > ?2
UNION ALL
SELECT
    event.sequence,
    event.account,
    event.version,
    event.balance,
    event.held,
    event.overdraft_limit,
    event.transactions,
    event.status,
    event.decided_at,
    event.body,
    event.spent,
    event.limits
FROM events AS first
JOIN events AS event ON event.sequence BETWEEN first.sequence AND first.sequence + first.unit_size - 1
WHERE first.command_id = ?1
    AND first.correlation IS NULL
    AND event.sequence > ?2
ORDER BY sequence;
