-- Whether the database is empty, so that the schema is to be created.
SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema);
