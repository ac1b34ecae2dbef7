-- Numbers a generation above every earlier one, those that are gone included. ?1 the projection.
INSERT INTO projections (name, served, latest)
VALUES (?1, NULL, 1)
ON CONFLICT (name) DO UPDATE SET latest = latest + 1
RETURNING latest;
