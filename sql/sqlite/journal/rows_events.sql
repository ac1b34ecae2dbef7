-- Events as they are stored, in order, whether the index of streams has each, as far as it reaches, and whether its run
-- has its kind.
-- ?1 the sequence before the first, ?2 the last, ?3 how many at the most.
SELECT
    sequence, account, version, kind, place,
    command_id, fingerprint, command, unit_size,
    correlation,
    balance, held, overdraft_limit, transactions, status, spent, limits,
    decided_at, reverses, body,
    (
        sequence > (SELECT indexed FROM log) OR coalesce(
            (
                SELECT
                    printf('%04X', events.sequence - streams.run_after)
                    = hex(substr(streams.distances, 2 * (events.version - streams.first_version) + 1, 2))
                FROM streams
                WHERE streams.account = events.account
                    AND streams.first_version <= events.version
                ORDER BY streams.first_version DESC
                LIMIT 1
            ),
            FALSE
        )
    ) AND EXISTS (
        SELECT 1
        FROM kinds
        WHERE kinds.kind = events.kind
            AND kinds.run = events.sequence >> 10
    )
FROM events
WHERE sequence > ?1 AND sequence <= ?2
ORDER BY sequence
LIMIT ?3;
