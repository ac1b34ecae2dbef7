-- Indexing can be done again from the events, and waits for no disk.
SET synchronous_commit = off;
SET statement_timeout = '4s';
SET lock_timeout = '3s';
SET idle_in_transaction_session_timeout = '5s';
SET jit = off;
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
-- As for the session that appends.
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 3;
SET tcp_keepalives_count = 3;
SET tcp_user_timeout = '10s';
