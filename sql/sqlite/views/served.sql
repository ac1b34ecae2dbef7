-- The generation that is served; no row if it is none, or one that was dropped. ?1 the projection.
SELECT p.served
FROM projections AS p
JOIN generations AS g ON g.projection = p.name AND g.generation = p.served
WHERE p.name = ?1;
