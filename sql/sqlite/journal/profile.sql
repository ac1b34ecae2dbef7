-- What an account is.
-- ?1 its key.
SELECT id, currency, owner, created_at
FROM accounts
WHERE key = ?1;
