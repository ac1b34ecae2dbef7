-- Whether a refusal is recorded under a command id: no index spans both tables.
-- ?1 the id.
SELECT EXISTS (SELECT 1 FROM rejections WHERE command_id = ?1);
