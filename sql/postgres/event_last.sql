-- An account's last event at or before a place of the log, which holds the account as it was there.
-- $1 account id, $2 the place.
SELECT
    sequence, account, version, balance, held, overdraft_limit, transactions, status, decided_at, body, spent, limits
FROM bursar.events
WHERE (account, version) = (
    SELECT key, bursar.version_at(key, $2)
    FROM bursar.accounts
    WHERE id = $1
);
