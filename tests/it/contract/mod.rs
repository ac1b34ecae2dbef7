//! The wire contract, clause by clause.

mod audit;
mod batch;
mod commands;
mod dashboard;
mod description;
mod edge;
mod events;
mod history;
mod holds;
mod keys;
mod lifecycle;
mod limits;
mod money;
mod movements;
mod precedence;
mod projections;
mod queries;
mod shape;
