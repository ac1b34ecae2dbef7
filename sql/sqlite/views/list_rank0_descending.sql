-- Documents by rank 0, the greatest first. The + keeps SQLite on the rank's index, whose order needs no sort. ?1 the
-- generation's short id, ?2 the least key, ?3 the first beyond, ?4 how many, ?5 and ?6 the rank and key to go on from.
SELECT rank0, key, body
FROM documents
WHERE generation_id = ?1 AND (rank0, key) < (?5, ?6) AND +key >= ?2 AND +key < ?3
ORDER BY rank0 DESC, key DESC
LIMIT ?4;
