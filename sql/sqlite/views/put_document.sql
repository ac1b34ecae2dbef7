-- Stores a document over the one before. ?1 the generation's short id, ?2 key, ?3 tag, ?4 and ?5 the ranks, ?6 the body.
INSERT INTO documents (generation_id, key, tag, rank0, rank1, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (generation_id, key) DO UPDATE
SET tag = excluded.tag, rank0 = excluded.rank0, rank1 = excluded.rank1, body = excluded.body;
