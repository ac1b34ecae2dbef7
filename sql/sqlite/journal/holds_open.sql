-- An account's open holds.
-- ?1 the account's key.
SELECT hold_id, amount, placed_at, expires_at, description
FROM holds
WHERE account = ?1
    AND ended_sequence IS NULL;
