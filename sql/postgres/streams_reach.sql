-- How far the log and the index of its streams reach, and what a caller lacks who knows the log up to a batch's end: the accounts
-- and versions of the events from a place on, in order, up to a batch's end that is about so many events away at the most.
-- $1 the place that the caller knows, $2 the chain there, $3 how many.
SELECT
    head.last_sequence, indexed.last_sequence, known.is_of_this_log, known.after,
    coalesce(batch.last_sequence, head.last_sequence), coalesce(batch.chain, head.chain),
    missing.accounts, missing.versions
FROM bursar.head AS head
CROSS JOIN bursar.indexed AS indexed
CROSS JOIN LATERAL (
    SELECT own.is_of_this_log, greatest(CASE WHEN own.is_of_this_log THEN $1 END, indexed.last_sequence) AS after
    FROM (
        SELECT head.last_sequence >= $1 AND (
            $1 = 0 OR EXISTS (
                SELECT
                FROM bursar.batches AS batch
                WHERE batch.last_sequence = $1 AND batch.chain = $2
            )
        ) AS is_of_this_log
    ) AS own
) AS known
LEFT JOIN LATERAL (
    SELECT batches.last_sequence, batches.chain
    FROM bursar.batches
    WHERE batches.last_sequence >= least(head.last_sequence, known.after + $3)
    ORDER BY batches.last_sequence
    LIMIT 1
) AS batch ON TRUE
CROSS JOIN LATERAL (
    SELECT
        array_agg(event.account ORDER BY event.sequence) AS accounts,
        array_agg(event.version ORDER BY event.sequence) AS versions
    FROM bursar.events AS event
    WHERE event.sequence > known.after AND event.sequence <= coalesce(batch.last_sequence, head.last_sequence)
) AS missing;
