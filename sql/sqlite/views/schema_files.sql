-- Which schema files were applied, to be compared with those of this program.
SELECT version, checksum
FROM schema_files
ORDER BY version;
