-- Folds what is in the write-ahead log into the database, without waiting for anybody. The row says whether it was kept
-- from it, how many pages the write-ahead log has, and how many of them are folded.
PRAGMA wal_checkpoint(PASSIVE);
