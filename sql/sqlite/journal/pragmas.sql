-- How every connection that writes works.
-- FULL: a commit is on disk before it is told. The WAL is folded into the database beside the commits (wal.rs), and is cut
-- to 128 MiB.
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -16384;
PRAGMA wal_autocheckpoint = 0;
PRAGMA journal_size_limit = 134217728;
