-- What the session that appends rests on, whatever the role or the database were configured to: a commit that is
-- answered is on disk (more than on, such as remote_apply, is left alone), and no append hangs for ever. That
-- the database is to be read only is heard.
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
SET statement_timeout = '1500ms';
SET lock_timeout = '1500ms';
SET idle_in_transaction_session_timeout = '5s';
SET default_transaction_isolation = 'read committed';
SET jit = off;
-- The append's plans do not depend on the batch; making them anew would cost each one a tenth of its time. They are made
-- once, perhaps while the tables are empty, and must be right for full ones.
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
-- Behind a line that swallows everything nobody says goodbye: such a session ends by itself, and frees its place.
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 3;
SET tcp_keepalives_count = 3;
SET tcp_user_timeout = '10s';
