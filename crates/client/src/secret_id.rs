//! Ids that are secrets: 256 random bits in a cookie of one browser.

use mapae_protocol::{base64url, digest::sha256_base64url, random, secret::Secret};

macro_rules! secret_ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        $($(#[$doc])* #[derive(Clone, Debug)] pub(crate) struct $name(Secret<String>);

        impl $name {
            pub(crate) fn generate() -> Self {
                Self(Secret::new(random::token()))
            }

            /// What a cookie holds, if it can be such an id.
            pub(crate) fn parse(text: &str) -> Option<Self> {
                base64url::decode_array::<32>(text).ok()?;
                Some(Self(Secret::new(text.to_owned())))
            }

            pub(crate) fn expose(&self) -> &str {
                self.0.expose()
            }
        })+
    };
}

secret_ids! {
    /// Of a session of this service.
    SessionId;
    /// Of somebody between the provider and the sign-up form.
    SignUpId;
}

impl SignUpId {
    /// What it is recognised by, without being it.
    pub(crate) fn mark(&self) -> String {
        sha256_base64url(self.expose())
    }
}
