-- The database's clock, in µs, beside the open holds that are over first, with their accounts' ids; alone where there are
-- none. $1 how many at the most.
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, deadline.expires_at, deadline.id
FROM (VALUES (NULL)) AS clock
LEFT JOIN (
    SELECT hold.expires_at, account.id
    FROM bursar.holds AS hold
    JOIN bursar.accounts AS account ON account.key = hold.account
    WHERE hold.ended_sequence IS NULL AND hold.expires_at IS NOT NULL
    ORDER BY hold.expires_at
    LIMIT $1
) AS deadline ON true
ORDER BY deadline.expires_at;
