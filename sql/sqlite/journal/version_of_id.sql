-- An account's key and how many events it has; no row for none.
-- ?1 the account's id.
SELECT
    key,
    (SELECT max(version) FROM events WHERE account = key)
FROM accounts
WHERE id = ?1;
