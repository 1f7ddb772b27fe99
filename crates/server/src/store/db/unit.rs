//! A unit of writing: statements that happen together or not at all.

use std::time::Duration;

use super::{Row, Sql, StoreError, Value, value::refuse_nul};
use crate::store::{counters, logout_notices, revocations, revocations::Revocation};

/// How many rows a statement must affect (or return) for its unit to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Exactly one.
    One,
    /// One, or none if it was so already.
    ZeroOrOne,
    /// As many as there are.
    Any,
}

impl Expect {
    pub(super) const fn met_by(self, rows: u64) -> bool {
        match self {
            Self::One => rows == 1,
            Self::ZeroOrOne => rows <= 1,
            Self::Any => true,
        }
    }
}

/// One write with its parameters. On PostgreSQL a unit of one statement commits by itself, so a statement
/// that expects at most one row must name that row by a unique key.
#[derive(Clone, Debug)]
pub struct Statement {
    pub(super) sql: Sql,
    pub(super) params: Vec<Value>,
    pub(super) expect: Expect,
}

impl Statement {
    pub(in crate::store) fn one(sql: Sql, params: impl Into<Vec<Value>>) -> Self {
        Self { sql, params: params.into(), expect: Expect::One }
    }

    pub(in crate::store) fn zero_or_one(sql: Sql, params: impl Into<Vec<Value>>) -> Self {
        Self { sql, params: params.into(), expect: Expect::ZeroOrOne }
    }

    pub(in crate::store) fn any(sql: Sql, params: impl Into<Vec<Value>>) -> Self {
        Self { sql, params: params.into(), expect: Expect::Any }
    }
}

/// What is committed together: statements, the revocations that they mean, and whether cached catalogues
/// (apps, APIs, keys) are stale afterwards.
///
/// Statements are executed in the order of [`Table`](super::Table), those of one table in the order in
/// which they were added; results are reported in the order in which they were added.
/// Revocations are numbered last, while the feed's counter is locked until the commit: their order is the
/// order of commits, without gaps, on both engines.
#[derive(Clone, Debug, Default)]
#[must_use = "a unit does nothing until it is committed"]
pub struct Unit {
    statements: Vec<Statement>,
    revocations: Vec<Revocation>,
    catalog: bool,
    budget: Option<Duration>,
}

impl Unit {
    /// An empty unit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement, or all of another unit.
    pub fn with(mut self, more: impl Into<Self>) -> Self {
        let more = more.into();
        self.statements.extend(more.statements);
        self.revocations.extend(more.revocations);
        self.catalog |= more.catalog;
        self.budget = self.budget.or(more.budget);
        self
    }

    /// Adds each of `more`.
    pub fn with_all<T: Into<Self>>(self, more: impl IntoIterator<Item = T>) -> Self {
        more.into_iter().fold(self, Self::with)
    }

    /// Adds an event to the revocation feed.
    pub fn revoking(mut self, revocation: Revocation) -> Self {
        self.revocations.push(revocation);
        self
    }

    /// Lets every node know that apps, APIs or keys have changed.
    pub const fn changing_catalog(mut self) -> Self {
        self.catalog = true;
        self
    }

    /// Gives it another time than the store's usual one (2 s), after which it is not executed any more.
    pub const fn within(mut self, budget: Duration) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Whether nothing has been added.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.statements.is_empty() && self.revocations.is_empty() && !self.catalog
    }

    /// Whether other processes must hear of it: it moves one of the counters that they follow.
    #[must_use]
    pub const fn announces(&self) -> bool {
        self.catalog || !self.revocations.is_empty()
    }

    pub(super) const fn budget(&self) -> Option<Duration> {
        self.budget
    }

    /// Completes the unit with its counters and events and puts it into the order of tables.
    pub(super) fn ordered(mut self) -> Result<Ordered, StoreError> {
        let asked = self.statements.len();
        if self.catalog {
            self.statements.push(counters::bump_catalog());
        }
        self.statements.extend(revocations::numbered(&self.revocations));
        self.statements.extend(logout_notices::following(&self.revocations));
        for statement in &self.statements {
            refuse_nul(statement.sql, &statement.params)?;
        }
        let mut steps: Vec<(usize, Statement)> = self.statements.into_iter().enumerate().collect();
        steps.sort_by_key(|(_, statement)| statement.sql.table());
        Ok(Ordered { steps, asked })
    }
}

impl From<Statement> for Unit {
    fn from(statement: Statement) -> Self {
        Self { statements: vec![statement], ..Self::default() }
    }
}

/// A unit ready to be executed: each statement with the position at which it was added.
#[derive(Clone, Debug)]
pub(super) struct Ordered {
    pub(super) steps: Vec<(usize, Statement)>,
    asked: usize,
}

impl Ordered {
    /// Puts the rows of each step where the caller expects them.
    pub(super) fn results(&self, rows: Vec<Vec<Row>>) -> Vec<Vec<Row>> {
        let mut results = vec![Vec::new(); self.asked];
        for ((position, _), rows) in self.steps.iter().zip(rows) {
            if let Some(result) = results.get_mut(*position) {
                *result = rows;
            }
        }
        results
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::Timestamp;

    use super::*;
    use crate::store::db::Table;

    const USERS: Sql = Sql::new("users", Table::Users, "");
    const GRANTS: Sql = Sql::new("grants", Table::Grants, "");

    #[test]
    fn statements_run_in_the_order_of_tables_and_keep_their_positions() {
        let unit = Unit::new()
            .with(Statement::any(GRANTS, vec![1.into()]))
            .with(Statement::any(USERS, vec![2.into()]))
            .with(Statement::any(GRANTS, vec![3.into()]));
        let ordered = unit.ordered().unwrap();
        let positions: Vec<usize> = ordered.steps.iter().map(|(position, _)| *position).collect();
        assert_eq!(positions, [1, 0, 2]);
        let row = |n: i64| vec![Row::new(USERS, vec![n.into()])];
        let results = ordered.results(vec![row(2), row(1), row(3)]);
        assert_eq!(results, vec![row(1), row(2), row(3)]);
    }

    #[test]
    fn events_are_numbered_last_and_the_feed_moves_once() {
        let now = Timestamp::from_unix(1);
        let unit = Unit::from(Statement::any(GRANTS, vec![]))
            .revoking(Revocation::grant("gra_1", now))
            .revoking(Revocation::grant("gra_2", now))
            .changing_catalog()
            .with(Statement::any(USERS, vec![]));
        let ordered = unit.ordered().unwrap();
        let tables: Vec<Table> = ordered.steps.iter().map(|(_, step)| step.sql.table()).collect();
        let (counters, revocations) = (Table::Counters, Table::Revocations);
        assert_eq!(tables, [Table::Users, Table::Grants, counters, counters, revocations, revocations]);
        assert_eq!(ordered.results(vec![vec![]; 6]).len(), 2, "only what the caller added is reported");
    }

    #[test]
    fn a_nul_is_refused_before_anything_is_executed() {
        let unit = Unit::from(Statement::one(USERS, vec!["a\0".into()]));
        assert!(matches!(unit.ordered(), Err(StoreError::Nul { .. })));
    }
}
