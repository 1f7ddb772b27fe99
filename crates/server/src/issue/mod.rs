//! What leaves the server as a credential: codes and tokens, one file each, and what lets them out.
//!
//! What was begun earlier, a code, is redeemed only if [`States::hold`](crate::store::alive::States::hold) still says so. A refresh, and whoever presents
//! an access token, asks the same of the grant ([`GrantFacts::alive`](crate::store::grants::GrantFacts::alive)). A
//! code is made of facts read for that very request, and an app that acts for itself has just proven its secret.

mod access_token;
mod audience;
mod authorization;
mod code;
mod device;
mod id_token;
mod keyed_digest;
mod logout_token;
mod presented;
mod refresh_token;
mod revocation_handle;
mod subject;

pub(crate) use access_token::{
    AccessTokenContext, AccessTokenPlan, Exchanged, GrantFacts, OpaqueAccessToken,
};
pub(crate) use audience::{Audiences, audience_of_grant, resolve_audience};
pub(crate) use authorization::Authorization;
pub(crate) use code::{AuthorizationCode, CodeDetails};
pub(crate) use device::{DeviceApproval, device_origin, user_code_digest};
pub(crate) use id_token::{IdTokenPlan, SignIn, session_name};
pub(crate) use logout_token::LogoutToken;
pub(crate) use presented::{Living, PresentedToken};
pub(crate) use refresh_token::{RefreshSecret, RefreshToken};
pub(crate) use revocation_handle::{GrantIds, Handle};
pub(crate) use subject::{Sector, subject};
