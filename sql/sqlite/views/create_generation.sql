-- A new, empty generation before the first event. ?1 the projection, ?2 the generation, ?3 the log's id, ?4 the chain
-- before the first batch.
INSERT INTO generations (projection, generation, log_id, sequence, chain)
VALUES (?1, ?2, ?3, 0, ?4);
