-- Indexes a part of a run. $1…$8 are explained at the function, in 0001_log.sql.
SELECT bursar.index_part($1, $2, $3, $4, $5, $6, $7, $8);
