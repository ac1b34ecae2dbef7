-- How the one writing connection is set up. NORMAL may lose the last commits with the power, never a part of one: the
-- checkpoint moves with the documents, so what is lost is folded again from the log.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA busy_timeout = 5000;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -65536;
PRAGMA wal_autocheckpoint = 32768;
PRAGMA journal_size_limit = 134217728;
