-- Whether a run has events of a kind.
-- ?1 the kind, ?2 the run.
SELECT EXISTS (
    SELECT 1
    FROM kinds
    WHERE kind = ?1
        AND run = ?2
);
