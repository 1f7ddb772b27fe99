//! What a page is looked at with: a language and a size, and where the pictures of it go.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Another folder than `artifacts/screens`.
const SETTING: &str = "MAPAE_TEST_SCREENS";

/// A language and a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// `ko` or `en`.
    pub language: &'static str,
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
}

impl Screen {
    /// Every page is shown on these.
    pub const ALL: [Self; 4] = [Self::phone("ko"), Self::phone("en"), Self::desk("ko"), Self::desk("en")];

    /// A telephone.
    pub const fn phone(language: &'static str) -> Self {
        Self { language, width: 390, height: 844 }
    }

    /// A computer.
    pub const fn desk(language: &'static str) -> Self {
        Self { language, width: 1280, height: 900 }
    }

    /// The same with another width.
    #[must_use]
    pub const fn wide(self, width: u32) -> Self {
        Self { width, ..self }
    }

    /// Whether it is one that is held in the hand.
    pub const fn in_the_hand(self) -> bool {
        self.width < 600
    }

    /// One of two texts.
    pub fn says<'t>(self, ko: &'t str, en: &'t str) -> &'t str {
        if self.language == "ko" { ko } else { en }
    }

    /// Where the picture of a page is kept.
    pub(super) fn picture(self, name: &str) -> PathBuf {
        let folder = env::var_os(SETTING).map_or_else(usual_folder, PathBuf::from);
        fs::create_dir_all(&folder).expect("the folder of the pictures can be made");
        folder.join(format!("{name}-{}-{}.png", self.language, self.width))
    }
}

fn usual_folder() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("this crate is in the workspace").join("artifacts/screens")
}
