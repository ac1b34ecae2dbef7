-- Remembered refusals, newest first. $1, $2 those before this place (sequence, refusal), $3 how many at the most.
SELECT refusal, sequence, decided_at, command_id, fingerprint, command, facts, reason
FROM bursar.rejections
WHERE (sequence, refusal) < ($1, $2)
ORDER BY sequence DESC, refusal DESC
LIMIT $3;
