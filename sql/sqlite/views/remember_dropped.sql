-- Whose documents are to be deleted, also after a restart in between. ?1 the generation's short id.
INSERT INTO dropped (id)
VALUES (?1);
