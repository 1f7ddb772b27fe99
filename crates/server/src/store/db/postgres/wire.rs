//! One statement on the wire, and what the errors of the engine mean.

use bytes::BytesMut;
use deadpool_postgres::Object;
use futures_util::{TryStreamExt, pin_mut};
use tokio_postgres::{
    Error, RowStream,
    error::SqlState,
    types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked},
};

use crate::store::db::{Row, Sql, StoreError, Value};

/// What a statement did.
pub(super) struct Done {
    pub(super) rows: Vec<Row>,
    pub(super) affected: u64,
}

/// Prepares (once per connection) and runs one statement.
pub(super) async fn query(client: &Object, sql: Sql, params: &[Value]) -> Result<Done, Error> {
    let statement = client.prepare_cached(sql.text()).await?;
    collect(sql, client.query_raw(&statement, params).await?).await
}

/// Reads a result to its end.
pub(super) async fn collect(sql: Sql, stream: RowStream) -> Result<Done, Error> {
    pin_mut!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        let values = (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>()?;
        rows.push(Row::new(sql, values));
    }
    let affected = stream.rows_affected().unwrap_or(rows.len() as u64);
    Ok(Done { rows, affected })
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) if *kind == Type::TEXT => text.to_sql(kind, out),
            Self::Int(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            Self::Bool(flag) if *kind == Type::BOOL => flag.to_sql(kind, out),
            Self::Text(_) | Self::Int(_) | Self::Bool(_) => {
                Err(format!("{self:?} where {kind} is expected").into())
            }
        }
    }

    accepts!(TEXT, INT8, BOOL);

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        if *kind == Type::INT8 {
            i64::from_sql(kind, raw).map(Self::Int)
        } else if *kind == Type::INT4 {
            i32::from_sql(kind, raw).map(|number| Self::Int(i64::from(number)))
        } else if *kind == Type::BOOL {
            bool::from_sql(kind, raw).map(Self::Bool)
        } else {
            String::from_sql(kind, raw).map(Self::Text)
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    accepts!(TEXT, INT8, INT4, BOOL);
}

/// What an error means to the one who ran a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A unique or foreign key stands in the way.
    Conflict,
    /// The engine asks to start the transaction again (40001, 40P01).
    Again,
    /// It took too long and was stopped.
    Slow,
    /// The server takes no writes (a failover, a full disk).
    ReadOnly,
    /// The connection is gone.
    Lost,
    /// The statement is wrong.
    Refused,
}

pub(super) fn meaning(error: &Error) -> Meaning {
    let Some(state) = error.code() else {
        // Not from the server: either the value did not fit its column, or the connection broke.
        return if is_of_the_connection(error) { Meaning::Lost } else { Meaning::Refused };
    };
    let by_class = |class: &str| state.code().starts_with(class);
    if *state == SqlState::UNIQUE_VIOLATION || *state == SqlState::FOREIGN_KEY_VIOLATION {
        Meaning::Conflict
    } else if *state == SqlState::T_R_SERIALIZATION_FAILURE || *state == SqlState::T_R_DEADLOCK_DETECTED {
        Meaning::Again
    } else if *state == SqlState::QUERY_CANCELED || *state == SqlState::LOCK_NOT_AVAILABLE {
        Meaning::Slow
    } else if *state == SqlState::READ_ONLY_SQL_TRANSACTION || by_class("53") {
        Meaning::ReadOnly
    } else if by_class("08") || by_class("57P") || *state == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT {
        Meaning::Lost
    } else {
        Meaning::Refused
    }
}

/// `tokio-postgres` tells its kinds of errors apart only in words; a value that does not fit is the one that
/// is not the connection's fault.
fn is_of_the_connection(error: &Error) -> bool {
    use std::error::Error as _;
    error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>())
}

pub(super) fn store_error(sql: Sql, error: Error) -> StoreError {
    match meaning(&error) {
        Meaning::Again | Meaning::Slow | Meaning::ReadOnly | Meaning::Lost => {
            StoreError::Unavailable(super::as_cause(error))
        }
        Meaning::Conflict | Meaning::Refused => {
            StoreError::Refused { statement: sql, source: super::as_cause(error) }
        }
    }
}
