-- One account's events after a version. $1 account id, $2 the version, $3 how many at the most.
SELECT
    sequence, account, version, balance, held, overdraft_limit, transactions, status, decided_at, body, spent, limits
FROM bursar.events
WHERE account = (SELECT key FROM bursar.accounts WHERE id = $1)
    AND version > $2
ORDER BY version
LIMIT $3;
