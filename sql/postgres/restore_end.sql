-- The end of the log as it was. $1 the chain, or NULL where it did not move, $2 when the last batch was committed, $3 which
-- log it is; the nil one until it is whole.
UPDATE bursar.head
SET chain = coalesce($1, chain),
    committed_at = coalesce($2, committed_at),
    log_id = $3;
