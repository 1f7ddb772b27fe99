//! What leaves the server as a credential: codes, tokens, and the one rule that lets any of them out.
//!
//! [`may_issue`] stands on every path that issues anything; the other files each make one artefact.

mod access_token;
mod audience;
mod code;
mod id_token;
mod keyed_digest;
mod may_issue;
mod presented;
mod refresh_token;
mod revocation_handle;
mod subject;

pub(crate) use access_token::{AccessTokenContext, AccessTokenPlan, GrantFacts, OpaqueAccessToken};
pub(crate) use audience::{Audiences, audience_of_grant, resolve_audience};
pub(crate) use code::{AuthorizationCode, CodeDetails};
pub(crate) use id_token::{IdTokenPlan, SignIn, session_name};
pub(crate) use may_issue::may_issue;
pub(crate) use presented::{Living, PresentedToken};
pub(crate) use refresh_token::{RefreshSecret, RefreshToken};
pub(crate) use revocation_handle::{GrantIds, Handle};
pub(crate) use subject::{Sector, subject};
