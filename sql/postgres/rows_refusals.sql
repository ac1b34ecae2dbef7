-- Refusals as they are stored, in order, and whether an event has the same command id.
-- $1 the number before the first, $2 how many at the most.
SELECT
    refusal, sequence, decided_at, command_id, fingerprint, command, facts, reason, from_account, to_account,
    EXISTS (SELECT FROM bursar.events AS event WHERE event.command_id = rejection.command_id)
FROM bursar.rejections AS rejection
WHERE refusal > $1
ORDER BY refusal
LIMIT $2;
