-- Accounts in the order of their ids, with their keys.
-- ?1 the id before.
SELECT id, key
FROM accounts
WHERE id > ?1
ORDER BY id;
