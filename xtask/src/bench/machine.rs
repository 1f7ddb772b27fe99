//! On what it was measured: enough to compare, nothing that names the machine.

use std::fmt;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use serde_json::{Value, json};

use crate::tree::Workspace;

/// On what it was measured.
pub(super) struct Machine {
    cores: usize,
    memory_gib: u64,
    /// Where the database was.
    file_system: String,
    /// How busy the machine was before, by its one-minute load average.
    load: String,
    date: String,
    pub(super) commit: String,
    pub(super) node: String,
    pub(super) peer: String,
}

impl Machine {
    /// Looks; `data` is where the database will be.
    pub(super) fn look(workspace: &Workspace, data: &Path) -> anyhow::Result<Self> {
        let said = |command: &mut Command| -> anyhow::Result<String> {
            let output = command.output().with_context(|| format!("{:?}", command.get_program()))?;
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let git = [
            "-c",
            "safe.directory=*",
            "describe",
            "--always",
            "--dirty=, with changes that are not committed",
        ];
        Ok(Self {
            cores: std::thread::available_parallelism().map_or(1, NonZero::get),
            memory_gib: memory_gib(&fs::read_to_string("/proc/meminfo")?).context("/proc/meminfo")?,
            file_system: said(workspace.command("stat").args(["--file-system", "--format=%T"]).arg(data))?,
            load: fs::read_to_string("/proc/loadavg")?.split(' ').next().unwrap_or_default().to_owned(),
            date: said(workspace.command("date").args(["--utc", "+%Y-%m-%d"]))?,
            commit: said(workspace.command("git").args(git))?,
            node: said(workspace.command("node").arg("--version"))?,
            peer: peer_version(workspace).context("bench/peer/package-lock.json")?,
        })
    }

    /// All of it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "cores": self.cores,
            "memory_gib": self.memory_gib,
            "file_system": self.file_system,
            "load_average_before": self.load,
            "date": self.date,
            "commit": self.commit,
            "node": self.node,
            "oidc-provider": self.peer,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cores, memory_gib, file_system, load, date, commit, node, peer } = self;
        write!(
            f,
            "{cores} cores, {memory_gib} GiB of memory, database on {file_system}, load average before {load}; \
             {date}, commit {commit}; oidc-provider {peer} on Node {node}"
        )
    }
}

/// `MemTotal:       16318480 kB`.
fn memory_gib(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some((kib + (1 << 19)) >> 20)
}

fn peer_version(workspace: &Workspace) -> anyhow::Result<String> {
    let lock = fs::read_to_string(workspace.root().join("bench/peer/package-lock.json"))?;
    let lock: Value = serde_json::from_str(&lock)?;
    let version = lock.pointer("/packages/node_modules~1oidc-provider/version").and_then(Value::as_str);
    Ok(version.context("no oidc-provider in it")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_rounded() {
        assert_eq!(memory_gib("MemTotal:       16318480 kB\nMemFree: 1 kB\n"), Some(16));
        assert_eq!(memory_gib("x"), None);
    }

    #[test]
    fn the_peer_is_pinned() {
        let version = peer_version(&Workspace::here().unwrap()).unwrap();
        assert!(version.starts_with("9."), "{version}");
    }
}
