//! The wire contract, clause by clause.

mod commands;
mod dashboard;
mod description;
mod edge;
mod events;
mod history;
mod keys;
mod lifecycle;
mod money;
mod precedence;
mod projections;
mod queries;
mod shape;
