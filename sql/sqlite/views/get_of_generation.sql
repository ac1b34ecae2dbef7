-- A document of a generation that need not be served, for the fold. ?1 the projection, ?2 the generation, ?3 the key.
SELECT d.body
FROM generations AS g
JOIN documents AS d ON d.generation_id = g.id
WHERE g.projection = ?1 AND g.generation = ?2 AND d.key = ?3;
