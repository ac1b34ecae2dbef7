-- Where the log ends, and stays until the transaction ends.
SELECT last_sequence, chain
FROM bursar.head
FOR UPDATE;
