//! What was tried, when, and what came of it: all that the checker gets to see, secrets as digests only.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use mapae_protocol::digest::sha256;

/// A secret, a person or an app, known again and not known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 12]);

impl Digest {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        let mut digest = [0; 12];
        digest.iter_mut().zip(sha256(text.as_bytes())).for_each(|(to, from)| *to = from);
        Self(digest)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Time since the history began.
pub type Moment = Duration;

/// Something that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// An account is made on the command line.
    CreateUser {
        /// Whose.
        user: Digest,
        /// With which password.
        password: Digest,
    },
    /// An app is registered on the command line.
    CreateApp {
        /// Its id.
        app: Digest,
    },
    /// An app is switched off on the command line.
    DisableApp {
        /// Its id.
        app: Digest,
    },
    /// A person signs in, in a browser of their own.
    SignIn {
        /// Who.
        user: Digest,
        /// With which password.
        password: Digest,
    },
    /// A signed-in browser comes from an app; it may lead to a code at once.
    Authorize {
        /// The session's cookie.
        session: Digest,
        /// The app.
        app: Digest,
    },
    /// A person agrees to what an app asks, and is sent back with a code.
    Agree {
        /// The session's cookie.
        session: Digest,
        /// The app.
        app: Digest,
    },
    /// An app redeems a code, with everything that belongs to it.
    Redeem {
        /// The code.
        code: Digest,
    },
    /// An app refreshes.
    Refresh {
        /// The refresh token.
        token: Digest,
    },
    /// An app revokes one access token.
    RevokeAccess {
        /// The access token.
        access: Digest,
    },
    /// An app revokes a refresh token, and so the grant.
    RevokeGrant {
        /// The refresh token.
        token: Digest,
    },
    /// A person disconnects an app.
    Disconnect {
        /// Who.
        user: Digest,
        /// From which app.
        app: Digest,
    },
    /// A person signs out of one browser.
    SignOut {
        /// The session's cookie.
        session: Digest,
    },
    /// A person changes their password: all other browsers are signed out, and this one gets a new cookie.
    ChangePassword {
        /// Who.
        user: Digest,
        /// The password until then.
        from: Digest,
        /// The password from then on.
        to: Digest,
        /// The cookie of the session in which it is done.
        in_session: Digest,
    },
    /// An API asks whether an access token is good, or the token is used at userinfo.
    Introspect {
        /// The access token.
        access: Digest,
    },
    /// Whatever ran is killed, and the server started again on the same data.
    Restart,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// Signed in, with this cookie.
    Session(Digest),
    /// Sent back to the app with a code.
    Code(Digest),
    /// The app got tokens.
    Tokens {
        /// The access token.
        access: Digest,
        /// The refresh token.
        refresh: Digest,
    },
    /// The token is good.
    Alive,
    /// Refused: no such thing, or not any more.
    Refused,
    /// The person must sign in first.
    SignInWanted,
    /// The person must agree first.
    ConsentWanted,
    /// The connection was lost on the way: it was done or not.
    Unknown,
}

/// One act, from the moment before it was sent to the moment after its outcome was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Before it was sent.
    pub began: Moment,
    /// After the answer was there, or the connection gone.
    pub ended: Moment,
    /// What was tried.
    pub act: Act,
    /// What came of it.
    pub outcome: Outcome,
}

/// Where everybody notes what they did. Clones share it.
#[derive(Clone, Debug)]
pub struct Journal {
    began: Instant,
    operations: Arc<Mutex<Vec<Operation>>>,
}

impl Default for Journal {
    fn default() -> Self {
        Self { began: Instant::now(), operations: Arc::default() }
    }
}

impl Journal {
    /// What time it is.
    pub fn now(&self) -> Moment {
        self.began.elapsed()
    }

    /// Notes an act that has just ended.
    pub fn note(&self, began: Moment, act: Act, outcome: Outcome) {
        let operation = Operation { began, ended: self.now(), act, outcome };
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
    }

    /// How much has been noted.
    pub fn length(&self) -> usize {
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Everything so far, in the order in which it began.
    pub fn history(&self) -> Vec<Operation> {
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner).clone();
        operations.sort_by_key(|operation| operation.began);
        operations
    }
}
