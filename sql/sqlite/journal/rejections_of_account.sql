-- Commands that were refused and name an account, newest first. Each half comes in the order of its index.
-- ?1 the account's id, ?2 only those before this refusal, ?3 how many at the most.
SELECT refusal, sequence, command_id, fingerprint, command, facts, reason, decided_at
FROM rejections
WHERE from_account = ?1
    AND refusal < ?2
UNION ALL
SELECT refusal, sequence, command_id, fingerprint, command, facts, reason, decided_at
FROM rejections
WHERE to_account = ?1
    AND to_account IS NOT from_account
    AND refusal < ?2
ORDER BY refusal DESC
LIMIT ?3;
