-- Whether whoever asks may do what the owner of the schema may.
SELECT pg_has_role(nspowner, 'USAGE')
FROM pg_namespace
WHERE nspname = 'bursar';
