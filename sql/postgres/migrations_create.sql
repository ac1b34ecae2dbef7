-- The schema, and the table that says what was done to it. The checksum is the SHA-256 of the migration's text, in hex.
CREATE SCHEMA bursar;
CREATE TABLE bursar.migrations (
    version integer PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
