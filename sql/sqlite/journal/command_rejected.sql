-- What is recorded of a command that was refused.
-- ?1 its id.
SELECT refusal, sequence, command_id, fingerprint, command, facts, reason, decided_at
FROM rejections
WHERE command_id = ?1;
