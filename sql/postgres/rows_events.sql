-- Events as they are stored, in order, and whether their run has their kind.
-- $1 the sequence before the first, $2 the last, $3 how many at the most.
SELECT
    sequence, account, version, kind,
    command_id, fingerprint, command, unit_size,
    correlation,
    balance, held, overdraft_limit, transactions, status, spent, limits,
    decided_at, reverses, body,
    EXISTS (
        SELECT
        FROM bursar.kinds AS noted
        WHERE noted.kind = events.kind
            AND noted.run = events.sequence >> 10
    )
FROM bursar.events
WHERE sequence > $1 AND sequence <= $2
ORDER BY sequence
LIMIT $3;
