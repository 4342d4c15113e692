//! Many rows in one statement: however many rows a change has, it has few statements.
//!
//! The rows travel as one JSON text. A placeholder for each value would do on both engines too, but SQLite looks
//! named placeholders up one by one, which takes longer than the inserts. A statement reads the rows from `$rows`;
//! `$1` is the organization:
//!
//! ```sql
//! insert into t (id, organization_id, at) select given.value ->> 0, $1, cast(given.value ->> 1 as bigint) from $rows
//! ```
//!
//! A condition on a table that has an index on its organization says `coalesce(organization_id, '') = $1`: SQLite
//! would take that index, and walk through the organization once for each row.

use super::{Engine, Write, store};
use crate::domain::error::{AppError, Result};
use serde::Serialize;
use sqlx::{AssertSqlSafe, FromRow, SqlSafeStr, SqlStr, any::AnyRow};

/// Rows of one statement.
const ROWS_PER_STATEMENT: usize = 1_000;

/// Runs a statement for all of these rows, which are arrays of its values; how many rows it changed.
///
/// # Errors
/// As the statement's: what constraints refuse, [`AppError::Unavailable`].
pub async fn execute<T: Serialize + Sync>(write: &mut Write, text: &'static str, rows: &[T]) -> Result<u64> {
    let mut changed = 0;
    for rows in rows.chunks(ROWS_PER_STATEMENT) {
        let statement = statement(text, write.engine);
        changed += store::execute_bulk(write, statement, json(rows)?).await?;
    }
    Ok(changed)
}

/// What a statement finds or returns for all of these rows. The order of a statement holds within a thousand of them.
///
/// # Errors
/// As [`execute`].
pub async fn fetch<R, T>(write: &mut Write, text: &'static str, rows: &[T]) -> Result<Vec<R>>
where
    R: Send + Unpin + for<'r> FromRow<'r, AnyRow>,
    T: Serialize + Sync,
{
    let mut found = Vec::new();
    for rows in rows.chunks(ROWS_PER_STATEMENT) {
        let statement = statement(text, write.engine);
        found.extend(store::fetch_bulk(write, statement, json(rows)?).await?);
    }
    Ok(found)
}

/// Safe: a literal in which a literal is put.
fn statement(text: &'static str, engine: Engine) -> SqlStr {
    let rows = match engine {
        Engine::Sqlite => "json_each($2) as given",
        Engine::Postgres => "json_array_elements(cast($2 as json)) as given(value)",
    };
    AssertSqlSafe(text.replace("$rows", rows)).into_sql_str()
}

fn json<T: Serialize>(rows: &[T]) -> Result<String> {
    serde_json::to_string(rows).map_err(|error| {
        tracing::error!(%error, "rows could not be written as JSON");
        AppError::Internal
    })
}
