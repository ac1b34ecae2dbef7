-- A hold is placed.
-- ?1 the account's key, ?2 its id, ?3 amount, ?4 description, ?5 placed at (µs), ?6 its event's sequence, ?7 over at (µs)
-- or NULL.
INSERT INTO holds (account, hold_id, amount, description, placed_at, placed_sequence, expires_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
