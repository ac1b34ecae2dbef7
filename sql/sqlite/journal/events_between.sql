-- Events by place, in order.
-- ?1 the first sequence, ?2 the last, ?3 how many at the most.
SELECT
    sequence,
    account,
    version,
    balance,
    held,
    overdraft_limit,
    transactions,
    status,
    decided_at,
    body,
    spent,
    limits
FROM events
WHERE sequence BETWEEN ?1 AND ?2
ORDER BY sequence
LIMIT ?3;
