-- How far the log reaches, and how far the index of its streams does.
SELECT indexed, last_sequence
FROM log;
