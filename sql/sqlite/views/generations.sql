-- The generations that a projection has. ?1 the projection.
SELECT generation
FROM generations
WHERE projection = ?1;
