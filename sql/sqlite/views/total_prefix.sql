-- How many documents have a key in a range. ?1 the generation's short id, ?2 the least key, ?3 the first beyond.
SELECT count(*)
FROM documents
WHERE generation_id = ?1 AND key >= ?2 AND key < ?3;
