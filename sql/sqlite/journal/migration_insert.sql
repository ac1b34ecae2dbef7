-- Notes a schema file as applied.
-- ?1 its number, ?2 its SHA-256 in hex, ?3 when (µs).
INSERT INTO migrations (version, checksum, applied_at)
VALUES (?1, ?2, ?3);
