-- Serves a generation that exists, unless a later one is served already, or one that is further on in the same log: of two
-- projectors that fill, neither must take readers back. ?1 the projection, ?2 the generation.
UPDATE projections
SET served = ?2
WHERE name = ?1
    AND (served IS NULL OR served < ?2)
    AND EXISTS (SELECT 1 FROM generations WHERE projection = ?1 AND generation = ?2)
    AND NOT EXISTS (
        SELECT 1
        FROM generations AS own
        JOIN generations AS other ON other.projection = own.projection AND other.log_id = own.log_id
        WHERE own.projection = ?1
            AND own.generation = ?2
            AND other.generation = projections.served
            AND other.sequence > own.sequence
    );
