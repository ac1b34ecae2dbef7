-- The remembered refusal of a command. $1 its id.
SELECT refusal, sequence, decided_at, command_id, fingerprint, command, facts, reason
FROM bursar.rejections
WHERE command_id = $1;
