-- The served generation's short id and sequence, the start of every list. ?1 the projection.
SELECT g.id, g.sequence
FROM projections AS p
JOIN generations AS g ON g.projection = p.name AND g.generation = p.served
WHERE p.name = ?1;
