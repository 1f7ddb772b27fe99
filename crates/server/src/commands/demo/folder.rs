//! The demo's data: fresh and gone afterwards, unless a folder is named.

use std::path::{Path, PathBuf};

use mapae_protocol::random;

use crate::{app::prepare_folder, commands::failure::Failure};

/// A folder for everything that the demo writes.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Folder {
    /// The named folder, or a fresh one for this run.
    pub(super) fn open(named: Option<&str>) -> Result<Self, Failure> {
        let kept = named.is_some();
        let fresh = || std::env::temp_dir().join(format!("mapae-demo-{}", random::text::<9>()));
        let path = named.map_or_else(fresh, PathBuf::from);
        prepare_folder(&path)?;
        let folder = Self { path, kept };
        prepare_folder(&folder.of_the_service())?;
        Ok(folder)
    }

    /// Of the authorization server.
    pub(super) fn of_the_server(&self) -> PathBuf {
        self.path.join("server")
    }

    /// Of the service and its API: another party's, and so another folder.
    pub(super) fn of_the_service(&self) -> PathBuf {
        self.path.join("service")
    }

    /// What the parties know each other by.
    pub(super) fn credentials(&self) -> PathBuf {
        self.path.join("credentials.json")
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes a folder that nobody asked to keep.
    pub(super) fn leave(self) {
        if !self.kept
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, folder = %self.path.display(), "the demo's data stays behind");
        }
    }
}
