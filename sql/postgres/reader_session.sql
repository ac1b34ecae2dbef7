-- Reads change nothing and end.
SET default_transaction_read_only = on;
SET statement_timeout = '4s';
SET lock_timeout = '3s';
SET idle_in_transaction_session_timeout = '5s';
SET jit = off;
