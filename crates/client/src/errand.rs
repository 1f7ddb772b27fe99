//! What a login is for, once the provider has said who somebody is.

use serde::{Deserialize, Serialize};

use crate::identity::EndUser;

/// What a login is for. Sealed into the pending login: nobody but the service decides it, and what one browser began for one
/// purpose is not finished by another or for another (RP-04).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Errand {
    /// To sign in, or to sign up.
    #[default]
    SignIn,
    /// To prove again who has this session.
    ProveAgain {
        /// The name of the session.
        sid: String,
    },
    /// To add a sign-in method to the account that is signed in.
    Connect {
        /// The account.
        account: EndUser,
        /// The name of the session.
        sid: String,
    },
    /// To prove an account to which whoever waits in this browser may belong.
    ProveAccount {
        /// Of the waiting sign-up.
        mark: String,
    },
}
