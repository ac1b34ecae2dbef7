-- Accounts as they were at a place of the log, by their last events there, in the order of their ids.
-- $1 the place, $2 the id before, $3 how many at the most.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits
FROM bursar.accounts AS account
JOIN bursar.events AS event
    ON event.account = account.key AND event.version = bursar.version_at(account.key, $1)
WHERE account.id > $2
ORDER BY account.id
LIMIT $3;
