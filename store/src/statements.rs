//! What both embedded adapters want of their connections.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// Prepared statements stay prepared, as many as that: without the guarantee of stable plans, SQLite plans a statement
/// again for every new parameter, since its value could make another plan better.
pub(crate) fn keep_statements(connection: &Connection, most: usize) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(most);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}
