-- Notes that a run has events of a kind; nothing where that is noted.
-- ?1 the run, ?2 the kind.
INSERT INTO kinds (run, kind)
VALUES (?1, ?2)
ON CONFLICT DO NOTHING;
