-- How far a generation is, with its short id. ?1 the projection, ?2 the generation.
SELECT id, log_id, sequence, chain
FROM generations
WHERE projection = ?1 AND generation = ?2;
