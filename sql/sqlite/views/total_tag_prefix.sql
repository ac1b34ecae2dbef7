-- How many documents with a tag have a key in a range. ?1 the generation's short id, ?2 the least key, ?3 the first
-- beyond, ?4 the tag.
SELECT count(*)
FROM documents
WHERE generation_id = ?1 AND tag = ?4 AND key >= ?2 AND key < ?3;
