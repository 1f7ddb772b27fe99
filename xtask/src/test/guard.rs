//! Whatever ends the run (success, failure, Ctrl-C, `kill -9`): what it started is ended, and its folder removed.
//!
//! A small shell process waits on a pipe that only this process holds. When the pipe closes, by `end` or because this process
//! is no more, it tears down. So there is one way of tearing down, and no signal handler.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, bail};

/// Reads one order per line; at the end of the input, tears down. Groups get a few seconds to end by themselves.
const SCRIPT: &str = include_str!("guard.sh");

/// The watching process.
pub(super) struct Guard {
    shell: Child,
    orders: Option<ChildStdin>,
}

impl Guard {
    /// Watches from now on; `folder` is removed at the end.
    pub(super) fn watch(folder: &Path) -> anyhow::Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            // Ctrl-C goes to the whole foreground group: the guard must not be in it.
            .process_group(0)
            .spawn()
            .context("sh could not be started")?;
        let orders = shell.stdin.take();
        let mut guard = Self { shell, orders };
        guard.order("folder", folder.display())?;
        Ok(guard)
    }

    /// The PostgreSQL server in this data folder is to be stopped at the end.
    pub(super) fn server(&mut self, data: &Path) -> anyhow::Result<()> {
        self.order("server", data.display())
    }

    /// This process group is to be ended at the end, or when another one is named.
    pub(super) fn group(&mut self, id: u32) -> anyhow::Result<()> {
        self.order("group", id)
    }

    /// Tears down and waits until it is done.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        self.close()
    }

    fn order(&mut self, what: &str, value: impl std::fmt::Display) -> anyhow::Result<()> {
        let Some(orders) = &mut self.orders else { return Ok(()) };
        writeln!(orders, "{what} {value}").context("the guard of this run has ended")
    }

    fn close(&mut self) -> anyhow::Result<()> {
        if self.orders.take().is_none() {
            return Ok(());
        }
        let status = self.shell.wait().context("the guard of this run was lost")?;
        if !status.success() {
            bail!("not everything of this run could be ended and removed");
        }
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            eprintln!("warning: {error:#}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::ExitStatus;

    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("mapae-guard-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("in it")).unwrap();
        folder
    }

    /// A shell in a group of its own that starts a child and waits for ever; answers once both are there.
    fn group_that_waits(trap: &str) -> Child {
        let script = format!("{trap} sleep 600 & echo ready; wait; wait");
        let mut command = Command::new("sh");
        command.args(["-c", &script]).stdout(Stdio::piped()).process_group(0);
        let mut child = command.spawn().unwrap();
        let mut answer = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut answer).unwrap();
        child
    }

    fn signal(status: ExitStatus) -> Option<i32> {
        std::os::unix::process::ExitStatusExt::signal(&status)
    }

    #[test]
    fn the_group_is_ended_and_the_folder_removed() {
        let folder = folder("end");
        let mut child = group_that_waits("");
        let mut guard = Guard::watch(&folder).unwrap();
        guard.group(child.id()).unwrap();
        // Reaped meanwhile, as the end of a run does: a dead process that nobody has waited for still counts as one.
        let waiter = std::thread::spawn(move || child.wait().unwrap());
        guard.end().unwrap();
        assert_eq!(signal(waiter.join().unwrap()), Some(15));
        assert!(!folder.exists());
    }

    #[test]
    fn a_group_that_does_not_listen_is_killed() {
        let folder = folder("kill");
        let mut child = group_that_waits("trap '' TERM;");
        let mut guard = Guard::watch(&folder).unwrap();
        guard.group(child.id()).unwrap();
        let waiter = std::thread::spawn(move || child.wait().unwrap());
        drop(guard);
        assert_eq!(signal(waiter.join().unwrap()), Some(9));
        assert!(!folder.exists());
    }

    #[test]
    fn the_death_of_the_process_that_is_watched_is_enough() {
        let folder = folder("death");
        // A process that holds the only writing end, and dies without a word.
        let script = format!(
            "sh -c '{}' guard < \"$1\" & exec 3> \"$1\"; echo \"folder $2\" >&3; echo ready; kill -9 $$",
            SCRIPT.replace('\'', "'\\''")
        );
        let pipe = folder.with_extension("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let status =
            Command::new("sh").args(["-c", &script, "run"]).arg(&pipe).arg(&folder).output().unwrap();
        assert_eq!(signal(status.status), Some(9));
        assert!(!folder.exists());
        fs::remove_file(pipe).unwrap();
    }
}
