-- Remembers a schema file that was applied in the same transaction. ?1 its version, ?2 its checksum.
INSERT INTO schema_files (version, checksum)
VALUES (?1, ?2);
