-- Closes again what was opened.
ALTER TABLE bursar.batches ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE bursar.rejections ENABLE ALWAYS TRIGGER append_only;
