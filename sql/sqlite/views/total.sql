-- How many documents there are. ?1 the generation's short id.
SELECT coalesce(sum(documents), 0)
FROM totals
WHERE generation_id = ?1;
