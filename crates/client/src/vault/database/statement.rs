//! One SQL text for both engines.

use super::{Row, Value};

/// One statement of the vault: plain SQL of what SQLite and PostgreSQL have in common. Parameters `$1`, `$2`, … in
/// ascending order of first use (SQLite numbers them by appearance, PostgreSQL by digit), each used once or more.
///
/// Only `statements!` makes one, so that a test can walk them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vault) struct Sql(pub(in crate::vault) &'static str);

impl Sql {
    /// The statement with its parameters.
    pub(in crate::vault) fn with(self, params: impl Into<Vec<Value>>) -> Statement {
        Statement { sql: self, params: params.into(), must: false }
    }
}

/// A statement that is part of a unit of writing.
#[derive(Clone, Debug)]
pub(in crate::vault) struct Statement {
    pub(super) sql: Sql,
    pub(super) params: Vec<Value>,
    pub(super) must: bool,
}

impl Statement {
    /// It must touch exactly one row: otherwise nothing of its unit happens.
    pub(in crate::vault) const fn must(mut self) -> Self {
        self.must = true;
        self
    }

    pub(super) const fn met_by(&self, done: &Done) -> bool {
        !self.must || done.touched == 1
    }
}

/// What a statement did.
#[derive(Debug)]
pub(in crate::vault) struct Done {
    pub(in crate::vault) rows: Vec<Row>,
    pub(in crate::vault) touched: u64,
}

impl Done {
    /// Whether it touched a row.
    pub(in crate::vault) const fn happened(&self) -> bool {
        self.touched > 0
    }

    /// The row that it read, if there was one.
    pub(in crate::vault) fn row(mut self) -> Option<Row> {
        self.rows.pop()
    }
}

/// Declares the statements of a file and the slice that lists them: `NAME = "SQL";`.
macro_rules! statements {
    ($($(#[$attribute:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$attribute])* pub(in crate::vault) const $name: $crate::vault::database::Sql =
            $crate::vault::database::Sql($text);)+
        /// Every statement of this file, for the test that walks them all.
        #[cfg(test)]
        pub(in crate::vault) const STATEMENTS: &[$crate::vault::database::Sql] = &[$($name),+];
    };
}
pub(in crate::vault) use statements;

/// The parameters of a statement, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::vault::database::Value::from($value)),*] };
}
pub(in crate::vault) use values;
