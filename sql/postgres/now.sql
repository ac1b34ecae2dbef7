-- The database's clock, in µs.
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
