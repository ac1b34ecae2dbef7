-- Accounts with their last events, which say how they stand, and their open holds (JSON arrays). $1 keys, $2 their places, to
-- tell them apart, $3 their last events, NULL where it is in the streams.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits,
    wanted.place, account.id, account.currency, account.owner, account.created_at,
    CASE WHEN event.held > 0 THEN (
        SELECT json_agg(json_build_array(hold.hold_id, hold.amount, hold.placed_at, hold.expires_at, hold.description))::text
        FROM bursar.holds AS hold
        -- One that ended since is missing, which the sum tells.
        WHERE hold.account = account.key AND hold.ended_sequence IS NULL AND hold.placed_sequence <= event.sequence
    ) END
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS wanted (key, place, last)
JOIN bursar.accounts AS account ON account.key = wanted.key
JOIN bursar.events AS event
    ON event.account = wanted.key AND event.sequence = coalesce(wanted.last, (
        SELECT stream.sequences[cardinality(stream.sequences)]
        FROM bursar.streams AS stream
        WHERE stream.account = wanted.key
        ORDER BY stream.first_version DESC
        LIMIT 1
    ));
