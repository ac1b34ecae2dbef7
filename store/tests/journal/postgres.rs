//! The suite on Postgres.
