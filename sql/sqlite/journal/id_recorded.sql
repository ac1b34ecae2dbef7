-- Whether anything, yes or no, is recorded under a command id.
-- ?1 the id.
SELECT
    EXISTS (SELECT 1 FROM events WHERE command_id = ?1)
    OR EXISTS (SELECT 1 FROM rejections WHERE command_id = ?1);
