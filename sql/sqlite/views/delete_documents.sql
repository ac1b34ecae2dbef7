-- Deletes some documents of a dropped generation: few enough that an apply need not wait long for the one writer.
-- ?1 the generation's short id, ?2 how many.
DELETE FROM documents
WHERE generation_id = ?1
    AND key IN (SELECT key FROM documents WHERE generation_id = ?1 ORDER BY key LIMIT ?2);
