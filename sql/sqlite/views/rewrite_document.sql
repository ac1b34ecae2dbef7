-- Stores a document over one with the same tag, whose entry by tag stays as it is. ?1 the generation's short id, ?2 key,
-- ?3 tag, ?4 and ?5 the ranks, ?6 the body.
UPDATE documents
SET rank0 = ?4, rank1 = ?5, body = ?6
WHERE generation_id = ?1 AND key = ?2 AND tag = ?3;
