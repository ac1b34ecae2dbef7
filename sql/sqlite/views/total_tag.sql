-- How many documents there are with a tag. ?1 the generation's short id, ?2 the tag.
SELECT coalesce(sum(documents), 0)
FROM totals
WHERE generation_id = ?1 AND tag = ?2;
