-- Whether there is a schema of our name, and whether it is ours: it has our table of migrations.
SELECT
    EXISTS (SELECT FROM pg_namespace WHERE nspname = 'bursar') AS schema_exists,
    EXISTS (
        SELECT
        FROM pg_attribute AS attribute
        JOIN pg_class AS class ON class.oid = attribute.attrelid
        JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
        WHERE namespace.nspname = 'bursar' AND class.relname = 'migrations' AND attribute.attname = 'checksum'
    ) AS is_ours;
