-- Commands that were refused, newest first.
-- ?1 only those before this refusal, ?2 how many at the most.
SELECT refusal, sequence, command_id, fingerprint, command, facts, reason, decided_at
FROM rejections
WHERE refusal < ?1
ORDER BY refusal DESC
LIMIT ?2;
