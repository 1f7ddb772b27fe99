//! The profiles of FAPI 2.0 that an app can be on — FAPI 2.0 §5.3.2, §5.4.1, FAPI 2.0 Message Signing §5.3.1, §5.4.1.

use serde::{Deserialize, Serialize};

use crate::{jose::Algorithm, time::Seconds};

/// A profile. The later one asks for everything that the earlier one asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Profile {
    /// FAPI 2.0 Security Profile.
    #[serde(rename = "fapi2_security")]
    Security,
    /// The Message Signing profile: the app signs what it asks, and this server what it answers.
    #[serde(rename = "fapi2_message_signing")]
    MessageSigning,
}

/// What an app that is on a profile signs with, and what is signed for it (FAPI 2.0 §5.4.1).
pub const ALGORITHMS: &[Algorithm] = &[Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa];

/// How long a code may be good (FAPI 2.0 §5.3.2.1, item 11).
pub const MAX_CODE_LIFE: Seconds = Seconds::seconds(60);

/// How old the `nbf` of a request object may be, and how long after it its `exp` may come (FAPI 2.0 Message Signing §5.3.1).
pub const MAX_OBJECT_LIFE: Seconds = Seconds::minutes(60);

impl Profile {
    /// Both, the less strict one first.
    pub const ALL: [Self; 2] = [Self::Security, Self::MessageSigning];

    /// The profile of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Security => "fapi2_security",
            Self::MessageSigning => "fapi2_message_signing",
        }
    }

    /// Whether requests and answers are signed.
    #[must_use]
    pub const fn signs_messages(self) -> bool {
        matches!(self, Self::MessageSigning)
    }
}

/// The algorithms that an app may sign with: those of its profile, if it is on one, and of them the one that it has
/// registered, if it has.
#[must_use]
pub fn algorithms(profile: Option<Profile>, registered: Option<Algorithm>) -> Vec<Algorithm> {
    let of_profile = if profile.is_some() { ALGORITHMS } else { Algorithm::ALL };
    of_profile.iter().copied().filter(|one| registered.is_none_or(|only| only == *one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for profile in Profile::ALL {
            assert_eq!(Profile::parse(profile.as_str()), Some(profile));
            let json = serde_json::to_value(profile).unwrap();
            assert_eq!(json, profile.as_str());
            assert_eq!(serde_json::from_value::<Profile>(json).unwrap(), profile);
        }
        assert_eq!(Profile::parse("fapi2"), None);
        assert!(Some(Profile::MessageSigning) > Some(Profile::Security) && Some(Profile::Security) > None);
    }

    #[test]
    fn to_09_a_profile_leaves_out_what_it_forbids() {
        assert_eq!(algorithms(None, None), Algorithm::ALL);
        assert_eq!(algorithms(None, Some(Algorithm::Rs256)), [Algorithm::Rs256]);
        assert_eq!(algorithms(Some(Profile::Security), None), ALGORITHMS);
        assert_eq!(algorithms(Some(Profile::Security), Some(Algorithm::Ps256)), [Algorithm::Ps256]);
        assert_eq!(algorithms(Some(Profile::Security), Some(Algorithm::Rs256)), []);
    }
}
