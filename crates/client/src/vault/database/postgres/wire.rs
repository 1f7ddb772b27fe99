//! One statement on the wire, and what the errors of the engine mean.

use bytes::BytesMut;
use deadpool_postgres::ClientWrapper;
use futures_util::{TryStreamExt, pin_mut};
use tokio_postgres::{
    Error,
    error::SqlState,
    types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked},
};

use crate::vault::database::{Done, Row, Sql, Value};

/// Prepares (once per connection) and runs one statement.
pub(super) async fn execute(client: &ClientWrapper, sql: Sql, params: &[Value]) -> Result<Done, Error> {
    let statement = client.prepare_cached(sql.0).await?;
    let stream = client.query_raw(&statement, params).await?;
    pin_mut!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        let columns = (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>()?;
        rows.push(Row::new(columns));
    }
    let read = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let touched = stream.rows_affected().unwrap_or(read);
    Ok(Done { rows, touched })
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
            Self::Text(_) | Self::Int(_) => Err(format!("{self:?} where {kind} is expected").into()),
        }
    }

    accepts!(TEXT, INT8);

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        if *kind == Type::INT8 {
            i64::from_sql(kind, raw).map(Self::Int)
        } else {
            String::from_sql(kind, raw).map(Self::Text)
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    accepts!(TEXT, INT8);
}

/// What an error means to the one who ran a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The engine asks to start the transaction again (40001, 40P01), or two wanted to make one row.
    Again,
    /// The connection is gone.
    Lost,
    /// It will not be better by trying again.
    Refused,
}

pub(super) fn meaning(error: &Error) -> Meaning {
    use std::error::Error as _;

    let Some(state) = error.code() else {
        // Not from the server: either a value did not fit its column, or the connection broke.
        let of_the_connection =
            error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>());
        return if of_the_connection { Meaning::Lost } else { Meaning::Refused };
    };
    let of_class = |class: &str| state.code().starts_with(class);
    if [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::UNIQUE_VIOLATION]
        .contains(state)
    {
        Meaning::Again
    } else if of_class("08") || of_class("57P") || *state == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT {
        Meaning::Lost
    } else {
        Meaning::Refused
    }
}
