-- How a reading connection is set up.
PRAGMA query_only = ON;
PRAGMA busy_timeout = 5000;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -8192;
