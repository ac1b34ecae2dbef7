-- Notes a migration. $1 version, $2 checksum.
INSERT INTO bursar.migrations (version, checksum)
VALUES ($1, $2);
