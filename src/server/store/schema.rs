//! The tables of the database, and the steps that update an older database.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::StoreError;

/// The steps that update the tables, each from one version to the next. The first step makes
/// version 1 from an empty database. A step that was released must not be changed; new steps are
/// added at the end.
const MIGRATIONS: [&str; 2] = [
    // 1: the accounts. SQLite compares two logins byte for byte, as the protocols do.
    "CREATE TABLE accounts (
        login TEXT NOT NULL PRIMARY KEY,
        password TEXT NOT NULL -- a PHC string
    ) STRICT, WITHOUT ROWID;",
    // 2: the identities.
    "CREATE TABLE identities (
        uuid BLOB NOT NULL PRIMARY KEY CHECK (length(uuid) = 16),
        key BLOB NOT NULL -- a DER SubjectPublicKeyInfo
    ) STRICT, WITHOUT ROWID;",
];

/// The bytes "mato", which are stored in the database file. This program and `file(1)` use them to
/// recognise a database of matou.
const APPLICATION_ID: i64 = 0x6d61_746f;

/// Makes the tables of an empty database, or adds the tables that an older version does not have.
pub(super) fn bring_up_to_date(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    check(connection, path)?;
    let found = version(connection).map_err(|cause| StoreError::new(path, cause))?;
    if found != newest() {
        migrate(connection, path)?;
    }
    Ok(())
}

/// Checks that a database belongs to this program and is not damaged. Changes nothing.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |cause| StoreError::new(path, cause);
    if !is_ours(connection).map_err(failed)? {
        return Err(StoreError::Foreign { path: path.into() });
    }
    let what: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(failed)?;
    if what != "ok" {
        let path = path.into();
        return Err(StoreError::Damaged { path, what });
    }
    Ok(())
}

/// Executes the missing steps. If two processes do this at the same time, the second process waits
/// for the first. Then the second process reads the version again and finds nothing to do.
fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |cause| StoreError::new(path, cause);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let found = version(&transaction).map_err(failed)?;
    let known = newest();
    let Some(missing) = usize::try_from(found)
        .ok()
        .and_then(|done| MIGRATIONS.get(done..))
    else {
        let path = path.into();
        return Err(StoreError::Newer { path, found, known });
    };
    apply(&transaction, missing).map_err(failed)?;
    transaction.commit().map_err(failed)
}

fn apply(transaction: &Transaction<'_>, missing: &[&str]) -> rusqlite::Result<()> {
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", newest())
}

/// Returns true for a database of this program and for an empty database. Both queries are in one
/// transaction, because another process may make the tables at the same time.
fn is_ours(connection: &Connection) -> rusqlite::Result<bool> {
    let moment = connection.unchecked_transaction()?;
    let id: i64 = moment.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        moment.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(id == APPLICATION_ID || (id == 0 && tables == 0))
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}
