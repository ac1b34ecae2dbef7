-- Serves a generation that exists, unless a later one is served already: of two projectors that replay, the slower one
-- must not take readers back. ?1 the projection, ?2 the generation.
UPDATE projections
SET served = ?2
WHERE name = ?1
    AND (served IS NULL OR served < ?2)
    AND EXISTS (SELECT 1 FROM generations WHERE projection = ?1 AND generation = ?2);
