-- A document of the served generation and how far that is: one statement, so both are of one moment. No row if nothing
-- is served; a null body if there is no such document. ?1 the projection, ?2 the key.
SELECT g.sequence, d.body
FROM projections AS p
JOIN generations AS g ON g.projection = p.name AND g.generation = p.served
LEFT JOIN documents AS d ON d.generation_id = g.id AND d.key = ?2
WHERE p.name = ?1;
