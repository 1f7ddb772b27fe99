//! The simulated providers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A provider that can be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// 카카오 로그인.
    Kakao,
}

impl Provider {
    /// Every provider, in the order of their ports.
    pub const ALL: &'static [Self] = &[Self::Kakao];

    /// The name in commands and addresses: `kakao`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kakao => "kakao",
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
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
