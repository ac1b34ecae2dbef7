-- What accounts are. $1 keys.
SELECT key, id, currency, owner, created_at
FROM bursar.accounts
WHERE key = ANY ($1);
