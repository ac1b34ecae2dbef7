-- A generation whose documents are to be deleted, if there is one.
SELECT id
FROM dropped
ORDER BY id
LIMIT 1;
