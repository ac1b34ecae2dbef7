-- Opens what is closed to everybody while a log runs, for this transaction of the schema's owner alone: the times of
-- batches and the places of refusals are not those of now.
SET LOCAL statement_timeout = '60s';
ALTER TABLE bursar.batches DISABLE TRIGGER append_only;
ALTER TABLE bursar.rejections DISABLE TRIGGER append_only;
-- The append refuses a log with the nil id, to which nobody else is to append; the end of this part says again what it is.
UPDATE bursar.head SET log_id = gen_random_uuid() WHERE log_id = '00000000-0000-0000-0000-000000000000';
