//! Who on this machine may write or read what is ours — threats OP-15.
//!
//! Whoever may write in the data folder puts a database or a key of their own there; whoever reads the database has
//! all that is not sealed.

use std::path::Path;

/// Whether everybody on this machine may make and remove files in a folder. Groups may: that is how container
/// platforms share a volume with a process that is not root.
#[cfg(unix)]
pub(crate) fn writable_by_others(folder: &Path) -> bool {
    mode(folder).is_some_and(|mode| mode & 0o002 != 0)
}

/// Whether everybody on this machine may read or write a file.
#[cfg(unix)]
pub(crate) fn open_to_others(file: &Path) -> bool {
    file.is_file() && mode(file).is_some_and(|mode| mode & 0o007 != 0)
}

/// Takes from everybody else what they may do with a file; its owner and group keep what they have.
///
/// # Errors
/// The file belongs to another user.
#[cfg(unix)]
pub(crate) fn close_to_others(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    match mode(file) {
        Some(mode) if open_to_others(file) => {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode & 0o770))
        }
        _ => Ok(()),
    }
}

/// Whether a file belongs to somebody else than its folder does, and not to root.
#[cfg(unix)]
pub(crate) fn is_strangers(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let owner = |path: &Path| std::fs::metadata(path).ok().map(|metadata| metadata.uid());
    let folder =
        file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    owner(file).is_some_and(|owns| owns != 0 && Some(owns) != owner(folder))
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
pub(crate) fn writable_by_others(_: &Path) -> bool {
    false
}

#[cfg(not(unix))]
pub(crate) fn open_to_others(_: &Path) -> bool {
    false
}

#[cfg(not(unix))]
pub(crate) fn close_to_others(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn is_strangers(_: &Path) -> bool {
    false
}
