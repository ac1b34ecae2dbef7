-- Takes a generation away from readers and projectors at once; its documents are deleted little by little. ?1 its
-- short id.
DELETE FROM generations
WHERE id = ?1;
