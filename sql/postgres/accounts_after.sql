-- The keys of accounts in the order of their ids. $1 the id before, $2 how many at the most.
SELECT account.id, account.key
FROM bursar.accounts AS account
WHERE account.id > $1
ORDER BY account.id
LIMIT $2;
