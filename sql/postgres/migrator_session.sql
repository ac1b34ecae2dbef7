-- A migration waits for another one, but not for ever.
SET lock_timeout = '30s';
SET statement_timeout = '10min';
