-- Accepted commands that touch an account, with their first events, which may stand on another account; newest first.
-- $1 those that begin before it, $2 how many at the most, $3 account id.
SELECT DISTINCT
    first.sequence, first.account, first.version, first.balance, first.held, first.overdraft_limit,
    first.transactions, first.status, first.decided_at, first.body, first.spent, first.limits, first.command
FROM bursar.accounts AS account
CROSS JOIN LATERAL (
    SELECT events.sequence
    FROM bursar.events
    WHERE events.account = account.key
        AND events.version <= bursar.version_at(account.key, $1)
        AND events.sequence < $1
    ORDER BY events.version DESC
    LIMIT $2
) AS own
CROSS JOIN LATERAL (
    SELECT *
    FROM bursar.events
    WHERE events.command_id IS NOT NULL AND events.sequence <= own.sequence
    ORDER BY events.sequence DESC
    LIMIT 1
) AS first
WHERE account.id = $3
ORDER BY first.sequence DESC;
