-- Adds an account, in the commit of its first event.
-- ?1 key, ?2 id, ?3 currency, ?4 owner or NULL, ?5 created at (µs).
INSERT INTO accounts (key, id, currency, owner, created_at)
VALUES (?1, ?2, ?3, ?4, ?5);
