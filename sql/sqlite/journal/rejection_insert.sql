-- Remembers a refusal.
-- ?1 number, ?2 the last sequence before it, ?3 command id, ?4 fingerprint, ?5 command's name, ?6 facts (JSON),
-- ?7 why (JSON), ?8 and ?9 the accounts that the command names or NULL, ?10 decided at (µs).
INSERT INTO rejections (
    refusal, sequence, command_id, fingerprint, command, facts, reason, from_account, to_account, decided_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);
