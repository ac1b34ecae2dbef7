-- What was done to the schema.
SELECT version, checksum
FROM bursar.migrations
ORDER BY version;
