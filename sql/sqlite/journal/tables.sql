-- How many tables there are, and whether ours is among them: a database of another program is left alone.
SELECT count(*), count(*) FILTER (WHERE name = 'migrations')
FROM sqlite_schema
WHERE type = 'table';
