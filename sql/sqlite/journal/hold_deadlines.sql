-- The open holds that are over first, with their accounts' ids.
-- ?1 how many at the most.
SELECT
    expires_at,
    (SELECT id FROM accounts WHERE key = account)
FROM holds
WHERE ended_sequence IS NULL
    AND expires_at IS NOT NULL
ORDER BY expires_at
LIMIT ?1;
