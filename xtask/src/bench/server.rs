//! One server as a process: started, asked for its memory, ended.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

/// A running server. Dropped, it is killed.
pub(super) struct Server {
    child: Child,
}

/// Resident memory of a process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    /// With everything that it shares with others.
    pub(super) rss: u64,
    /// With its share of what it shares.
    pub(super) pss: u64,
}

impl Server {
    /// Starts it and waits for the line of JSON by which it says that it is ready.
    pub(super) fn start(mut command: Command, log: &Path) -> anyhow::Result<(Self, Value)> {
        let log_file = File::create(log).with_context(|| log.display().to_string())?;
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log_file);
        let child = command.spawn().with_context(|| format!("{name} could not be started"))?;
        let mut server = Self { child };
        let output = server.child.stdout.take().context("it has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let ready = serde_json::from_str(&line);
        match ready {
            Ok(ready) => Ok((server, ready)),
            Err(_) => bail!("{name} does not start: {line}{}", fs::read_to_string(log).unwrap_or_default()),
        }
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it occupies now.
    pub(super) fn memory(&self) -> anyhow::Result<Memory> {
        let path = format!("/proc/{}/smaps_rollup", self.pid());
        let text = fs::read_to_string(&path).with_context(|| path.clone())?;
        Memory::parse(&text).with_context(|| path)
    }

    /// Tells it to end, and waits until it has.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        let told = Command::new("kill").args(["-s", "TERM", &self.pid().to_string()]).status()?;
        let status = self.child.wait()?;
        if told.success() && status.success() { Ok(()) } else { bail!("a server did not end well: {status}") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Memory {
    /// proc_pid_smaps_rollup(5): `Rss:       18320 kB`.
    fn parse(text: &str) -> Option<Self> {
        let bytes = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
        };
        Some(Self { rss: bytes("Rss:")?, pss: bytes("Pss:")? })
    }
}

/// Bytes in MiB.
#[expect(clippy::cast_precision_loss, reason = "nobody reads more than three digits of it")]
pub(super) fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

/// MiB as every table shows them, to the nearest tenth.
pub(super) fn tenths(mib: f64) -> String {
    format!("{mib:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read() {
        let text = "5581-7ffc ---p 00000000 00:00 0   [rollup]\nRss:       18320 kB\nPss:  17000 kB\nPss_Dirty: 1 kB\n";
        assert_eq!(Memory::parse(text), Some(Memory { rss: 18320 * 1024, pss: 17000 * 1024 }));
        assert_eq!(Memory::parse(""), None);
    }

    #[test]
    fn a_server_says_that_it_is_ready_and_ends_when_it_is_told() {
        let log = std::env::temp_dir().join(format!("mapae-bench-server-{}", std::process::id()));
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        let script = "trap 'exit 0' TERM; echo '{\"address\":\"a\"}'; while :; do sleep 0.01; done";
        let (server, ready) = Server::start(shell(script), &log).unwrap();
        assert_eq!(ready["address"], "a");
        assert!(server.memory().unwrap().rss > 0);
        server.stop().unwrap();
        let Err(error) = Server::start(shell("echo no port >&2"), &log) else { panic!("it started") };
        assert!(error.to_string().contains("no port"), "{error}");
        fs::remove_file(log).unwrap();
    }
}
