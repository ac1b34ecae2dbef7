-- Accounts with their last events, which say how they stand, and their open holds (JSON arrays). $1 ids; $2 is their places, to tell them apart.
SELECT
    event.sequence, event.account, event.version, event.balance, event.held, event.overdraft_limit,
    event.transactions, event.status, event.decided_at, event.body, event.spent, event.limits,
    wanted.place, account.id, account.currency, account.owner, account.created_at,
    CASE WHEN event.held > 0 THEN (
        SELECT json_agg(json_build_array(hold.hold_id, hold.amount, hold.placed_at, hold.expires_at, hold.description))::text
        FROM bursar.holds AS hold
        WHERE hold.account = account.key AND hold.ended_sequence IS NULL
    ) END
FROM unnest($1::text[], $2::bigint[]) AS wanted (id, place)
JOIN bursar.accounts AS account ON account.id = wanted.id
CROSS JOIN LATERAL (
    SELECT *
    FROM bursar.events
    WHERE events.account = account.key
    ORDER BY events.version DESC
    LIMIT 1
) AS event;
