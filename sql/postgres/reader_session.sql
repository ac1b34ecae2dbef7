-- Reads change nothing and end.
SET default_transaction_read_only = on;
SET statement_timeout = '4s';
SET lock_timeout = '3s';
SET idle_in_transaction_session_timeout = '5s';
SET jit = off;
-- What is read in an order has an index in that order. Until the tables are analyzed, the planner prefers to collect pages
-- of the log by a bitmap and to sort them on disk: four times the time.
SET enable_bitmapscan = off;
-- As for the session that appends.
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 3;
SET tcp_keepalives_count = 3;
SET tcp_user_timeout = '10s';
