-- Events as they are stored, in order, and whether the streams have each, as far as they reach, and whether its run has its
-- kind.
-- $1 the sequence before the first, $2 the last, $3 how many at the most.
SELECT
    sequence, account, version, kind,
    command_id, fingerprint, command, unit_size,
    correlation,
    balance, held, overdraft_limit, transactions, status, spent, limits,
    decided_at, reverses, body,
    (
        sequence > (SELECT last_sequence FROM bursar.indexed) OR sequence IS NOT DISTINCT FROM (
            SELECT stream.sequences[least(events.version - stream.first_version, 1000000)::integer + 1]
            FROM bursar.streams AS stream
            WHERE stream.account = events.account AND stream.first_version <= events.version
            ORDER BY stream.first_version DESC
            LIMIT 1
        )
    )
    AND EXISTS (
        SELECT
        FROM bursar.kinds AS noted
        WHERE noted.kind = events.kind
            AND noted.run = events.sequence >> 10
    )
FROM bursar.events
WHERE sequence > $1 AND sequence <= $2
ORDER BY sequence
LIMIT $3;
