-- The keys of accounts. $1 ids.
SELECT account.id, account.key
FROM bursar.accounts AS account
WHERE account.id = ANY ($1::text[]);
