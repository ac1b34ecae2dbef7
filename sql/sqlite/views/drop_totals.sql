-- The counts of a generation that was dropped. ?1 its short id.
DELETE FROM totals
WHERE generation_id = ?1;
