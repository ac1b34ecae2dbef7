-- Puts refusals at the places that they were recorded at. $1 command ids, $2 sequences.
UPDATE bursar.rejections AS rejection
SET sequence = past.sequence
FROM unnest($1::text[], $2::bigint[]) AS past (command_id, sequence)
WHERE rejection.command_id = past.command_id;
