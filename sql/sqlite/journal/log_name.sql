-- Says which log this is, when it is written again from another place.
-- ?1 its id; the nil one until it is whole.
UPDATE log
SET log_id = ?1;
