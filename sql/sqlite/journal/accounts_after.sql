-- Accounts in the order of their ids, with their keys and how many events each has.
-- ?1 the id before.
SELECT
    id,
    key,
    (SELECT max(version) FROM events WHERE account = key)
FROM accounts
WHERE id > ?1
ORDER BY id;
