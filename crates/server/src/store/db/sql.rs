//! One SQL text for both engines, with a name and a place in the order of tables.

use std::fmt;

/// The tables in the one order in which a [`Unit`](super::Unit) touches them.
///
/// Two units that lock the same rows always do so in the same order, so they wait for each other and
/// never for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Proofs of possession that were used: first, so that a repeated one is known for what it is.
    DpopProofs,
    /// People.
    Users,
    /// Tokens by which the operator lets apps register.
    InitialAccessTokens,
    /// Apps that registered themselves.
    Registrations,
    /// Registered apps (clients).
    Apps,
    /// Hashes of the apps' secrets.
    AppSecrets,
    /// Redirect URIs.
    AppRedirectUris,
    /// Origins of browser apps.
    AppOrigins,
    /// Scopes that an app may ask for.
    AppScopes,
    /// What else an app registered.
    AppMetadata,
    /// Pictures of apps.
    AppIcons,
    /// APIs (resource servers).
    Apis,
    /// Scopes that an API owns.
    ApiScopes,
    /// Apps that may exchange the tokens of an API.
    ExchangePermissions,
    /// Providers that people sign in with.
    Upstreams,
    /// Apps that may have what a provider gave.
    UpstreamPermissions,
    /// Who people are there.
    Identities,
    /// What they agreed to when they made an account.
    TermAgreements,
    /// Signed-in browsers.
    Sessions,
    /// Which apps know them.
    SessionApps,
    /// What a person agreed to give an app.
    Consents,
    /// Authorizations that were redeemed.
    Grants,
    /// Parts of a request too large for the sealed code.
    CodeDetails,
    /// Requests too large to travel sealed through the browser.
    PendingSteps,
    /// Requests that apps pushed.
    PushedRequests,
    /// Devices that wait for a person.
    DeviceRequests,
    /// Single-use links that were mailed.
    MailedLinks,
    /// Mails that were asked for and are not written yet.
    MailOrders,
    /// Apps that are still to be told that somebody has signed out.
    LogoutNotices,
    /// Notices of providers that were carried out.
    UpstreamNotices,
    /// Client assertions that were used.
    UsedAssertions,
    /// Access tokens revoked one by one.
    RevokedTokens,
    /// Keys that sign tokens.
    SigningKeys,
    /// Keys that seal codes, steps and cookies.
    SealKeys,
    /// Keys that never rotate.
    Secrets,
    /// The issuer under which the database was served last.
    ServedIssuer,
    /// Generation of the catalogue, position of the feed, highest time seen, time of the sweep.
    Counters,
    /// The revocation feed.
    Revocations,
    /// What the clocks of running servers show.
    ServerClocks,
    /// What has been migrated.
    SchemaMigrations,
}

/// One statement of the store: plain SQL of the common subset, parameters `$1`, `$2`, … in ascending
/// order of first use (SQLite numbers them by appearance, PostgreSQL by digit).
///
/// Only `statements!` makes one, so a test can walk them all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sql {
    name: &'static str,
    table: Table,
    text: &'static str,
}

impl Sql {
    pub(in crate::store) const fn new(name: &'static str, table: Table, text: &'static str) -> Self {
        Self { name, table, text }
    }

    /// Where the statement is declared, for logs and errors.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The table whose rows it reads or, for a write, locks.
    #[must_use]
    pub const fn table(self) -> Table {
        self.table
    }

    /// The SQL itself.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.text
    }
}

impl fmt::Debug for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Declares the statements of a file and the slice that lists them: `NAME: Table = "SQL";`.
macro_rules! statements {
    ($( $(#[$attribute:meta])* $name:ident: $table:ident = $text:expr; )+) => {
        $(
            $(#[$attribute])*
            pub(in crate::store) const $name: $crate::store::db::Sql = $crate::store::db::Sql::new(
                concat!(module_path!(), "::", stringify!($name)),
                $crate::store::db::Table::$table,
                $text,
            );
        )+
        /// Every statement of this file.
        pub(in crate::store) const STATEMENTS: &[$crate::store::db::Sql] = &[$($name),+];
    };
}
pub(in crate::store) use statements;

/// The parameters of a statement, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::store::db::Value::from($value)),*] };
}
pub(in crate::store) use values;
