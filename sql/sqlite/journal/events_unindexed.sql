-- Which streams events belong to, in order.
-- ?1 the sequence before, ?2 the last.
SELECT sequence, account, version
FROM events
WHERE sequence > ?1
    AND sequence <= ?2
ORDER BY sequence;
