-- The runs that have events of a kind.
-- ?1 the kind, ?2 the first run that may be one.
SELECT run
FROM kinds
WHERE kind = ?1
    AND run >= ?2
ORDER BY run;
