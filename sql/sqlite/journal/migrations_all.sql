-- The schema files that this database has seen.
SELECT version, checksum
FROM migrations
ORDER BY version;
