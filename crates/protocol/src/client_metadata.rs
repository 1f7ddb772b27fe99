//! Registered names of client metadata that both sides read — RFC 7591 §2, OIDC Core §8.

/// A closed list of registered names that is parsed, printed and serialised as those names.
macro_rules! registered_names {
    (
        $(#[$outer:meta])*
        pub enum $name:ident { $( $(#[$doc:meta])* $variant:ident = $text:literal; )+ }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $( $(#[$doc])* #[serde(rename = $text)] $variant, )+
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The registered name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }

            /// The value of exactly this name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $( $text => Some(Self::$variant), )+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

registered_names! {
    /// How a client without a key authenticates, `token_endpoint_auth_method`. What a server knows is its own registry.
    pub enum TokenEndpointAuthMethod {
        /// Secret in the `Authorization` header (RFC 6749 §2.3.1).
        ClientSecretBasic = "client_secret_basic";
        /// Secret in the body (RFC 6749 §2.3.1).
        ClientSecretPost = "client_secret_post";
        /// Not at all: a public client (RFC 7591 §2).
        None = "none";
    }
}

registered_names! {
    /// Whether two apps see the same subject identifier, `subject_type` (OIDC Core §8).
    pub enum SubjectType {
        /// Every app sees the same one.
        Public = "public";
        /// Every sector sees its own (OIDC Core §8.1).
        Pairwise = "pairwise";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_printed_and_serialised_alike() {
        for &method in TokenEndpointAuthMethod::ALL {
            assert_eq!(TokenEndpointAuthMethod::parse(method.as_str()), Some(method));
            assert_eq!(serde_json::to_value(method).unwrap(), method.to_string());
        }
        assert_eq!(TokenEndpointAuthMethod::parse("NONE"), None);
        for &subject in SubjectType::ALL {
            assert_eq!(serde_json::from_value::<SubjectType>(subject.as_str().into()).unwrap(), subject);
        }
    }
}
