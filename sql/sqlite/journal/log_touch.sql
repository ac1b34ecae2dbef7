-- Changes nothing, by a write: a page that nothing changes in is not written.
UPDATE log SET last_sequence = last_sequence + 1;
UPDATE log SET last_sequence = last_sequence - 1;
