-- The open holds that are over first, with their accounts' ids. $1 how many at the most.
SELECT hold.expires_at, account.id
FROM bursar.holds AS hold
JOIN bursar.accounts AS account ON account.key = hold.account
WHERE hold.ended_sequence IS NULL AND hold.expires_at IS NOT NULL
ORDER BY hold.expires_at
LIMIT $1;
