-- Adds an event.
-- ?1 sequence, ?2 account's key, ?3 version, ?4 kind, ?5 place in its unit;
-- ?6 command id, ?7 fingerprint, ?8 command's name, ?9 the unit's size: NULL but for the first event of a unit;
-- ?10 correlation, NULL where it is the command's id;
-- ?11 balance, ?12 held, ?13 overdraft limit, ?14 transactions, ?15 status, ?16 spent, ?17 limits or NULL;
-- ?18 decided at (µs), ?19 the movement that it reverses or NULL, ?20 stored JSON.
INSERT INTO events (
    sequence, account, version, kind, place,
    command_id, fingerprint, command, unit_size,
    correlation,
    balance, held, overdraft_limit, transactions, status, spent, limits,
    decided_at, reverses, body
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20);
