-- Which schema files this database has seen, so that each is applied once and a changed one is noticed.
CREATE TABLE IF NOT EXISTS migrations (
    version INTEGER PRIMARY KEY,
    -- SHA-256 of the file, in hex.
    checksum TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;
