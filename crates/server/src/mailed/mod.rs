//! Pages that end with a mail, and pages that a mailed link opens: sign-up, forgotten password, set-up.
//!
//! One file per page, and one for the two that ask for an address. What was asked for by mail is answered the same way
//! for every address; what a link allows happens once, by one conditional write together with the link's use.

pub(crate) mod ask;
pub(crate) mod finish_sign_up;
pub(crate) mod new_password;
mod opened;
mod request;
pub(crate) mod setup;
