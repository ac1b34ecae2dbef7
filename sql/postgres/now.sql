-- The database's clock, in µs, and whether the session can only read: on a standby, or where it was told so.
SELECT
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
    current_setting('transaction_read_only')::boolean;
