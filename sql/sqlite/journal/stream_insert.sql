-- Indexes an event; one that is indexed already, by an attempt that was not finished, stays.
-- ?1 the account's key, ?2 the version, ?3 the sequence.
INSERT INTO streams (account, version, sequence)
VALUES (?1, ?2, ?3)
ON CONFLICT DO NOTHING;
