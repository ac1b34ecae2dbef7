-- Documents with a tag by key, the least first. ?1 the generation's short id, ?2 the least key, ?3 the first beyond,
-- ?4 how many, ?5 the tag.
SELECT '', key, body
FROM documents
WHERE generation_id = ?1 AND tag = ?5 AND key >= ?2 AND key < ?3
ORDER BY key ASC
LIMIT ?4;
