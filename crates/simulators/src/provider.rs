//! The simulated providers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A provider that can be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// 카카오 로그인.
    Kakao,
    /// 네이버 로그인.
    Naver,
    /// Google.
    Google,
    /// Facebook.
    Facebook,
    /// Apple.
    Apple,
}

impl Provider {
    /// Every provider, in the order of their ports.
    pub const ALL: &'static [Self] = &[Self::Kakao, Self::Naver, Self::Google, Self::Facebook, Self::Apple];

    /// The name in commands and addresses: `kakao`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kakao => "kakao",
            Self::Naver => "naver",
            Self::Google => "google",
            Self::Facebook => "facebook",
            Self::Apple => "apple",
        }
    }

    /// The provider of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|provider| provider.as_str() == name)
    }

    /// How far above the base its port lies.
    #[must_use]
    pub const fn port_offset(self) -> u16 {
        match self {
            Self::Kakao => 0,
            Self::Naver => 1,
            Self::Google => 2,
            Self::Facebook => 3,
            Self::Apple => 4,
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
