-- Indexes some consecutive events of an account; those that are indexed already, by an attempt that was not finished, stay.
-- ?1 the account's key, ?2 the first version, ?3 the sequence before the run, ?4 how far behind it each event stands.
INSERT INTO streams (account, first_version, run_after, distances)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO NOTHING;
