-- What is left of disintegrate-postgres 4.0.1's migration after the function that Postgres 15 and older refuse for its
-- hexadecimal literal (0xFFFFFFFF). The function's locks are the same ones.
CREATE OR REPLACE FUNCTION event_store_begin_epoch() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    database integer := (SELECT oid FROM pg_database WHERE datname = current_database());
    position bigint := (SELECT last_value FROM seq_event_event_id);
BEGIN
    PERFORM pg_try_advisory_xact_lock_shared(database, 0);
    PERFORM pg_try_advisory_xact_lock_shared(1, (position & 4294967295)::bit(32)::integer);
    PERFORM pg_try_advisory_xact_lock_shared(2, (position >> 32)::bit(32)::integer);
END
$$;
ALTER TABLE event ADD COLUMN IF NOT EXISTS account_id text;
CREATE INDEX IF NOT EXISTS idx_event_account_id ON event (account_id) WHERE account_id IS NOT NULL;
