-- The last document of a dropped generation is deleted. ?1 its short id.
DELETE FROM dropped
WHERE id = ?1;
