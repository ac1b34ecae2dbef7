-- Remembered refusals of commands that name an account, newest first.
-- $1, $2 those before this place (sequence, refusal), $3 how many at the most, $4 account id.
SELECT refusal, sequence, decided_at, command_id, fingerprint, command, facts, reason
FROM (
    (
        SELECT *
        FROM bursar.rejections
        WHERE from_account = $4 AND (sequence, refusal) < ($1, $2)
        ORDER BY sequence DESC, refusal DESC
        LIMIT $3
    )
    UNION
    (
        SELECT *
        FROM bursar.rejections
        WHERE to_account = $4 AND (sequence, refusal) < ($1, $2)
        ORDER BY sequence DESC, refusal DESC
        LIMIT $3
    )
) AS rejection
ORDER BY sequence DESC, refusal DESC
LIMIT $3;
