-- An account's key; no row for none.
-- ?1 the account's id.
SELECT key
FROM accounts
WHERE id = ?1;
