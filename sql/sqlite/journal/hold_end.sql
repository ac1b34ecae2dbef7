-- A hold ends.
-- ?1 the account's key, ?2 its id, ?3 its event's sequence, ?4 how.
UPDATE holds
SET ended_sequence = ?3,
    ended_as = ?4
WHERE account = ?1
    AND hold_id = ?2;
