-- The first refusal that was recorded at a head or later. Refusals rise with the sequence.
-- ?1 the head's sequence.
SELECT refusal
FROM rejections
WHERE sequence >= ?1
ORDER BY sequence, refusal
LIMIT 1;
