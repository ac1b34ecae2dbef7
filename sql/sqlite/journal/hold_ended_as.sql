-- How a hold ended, NULL while it is open; no row where there never was one.
-- ?1 the account's id, ?2 the hold's.
SELECT ended_as
FROM holds
WHERE account = (SELECT key FROM accounts WHERE id = ?1)
    AND hold_id = ?2;
