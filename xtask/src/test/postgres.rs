//! One PostgreSQL server for the whole run, on loopback, in the folder of the run, with a password of its own.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::guard::Guard;
use super::programs::Programs;
use super::random_hex;

/// Another process may take the port between our choice and the start of the server.
const ATTEMPTS: usize = 3;

/// A test kills processes of ours, never this server: it need not survive a power cut.
const CONFIGURATION: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
fsync = off
full_page_writes = off
autovacuum_naptime = '10s'
log_min_messages = fatal
";

/// A running server; the guard stops it.
pub(super) struct Postgres {
    /// With the name and password of its superuser.
    pub(super) url: String,
}

/// The account that the server runs under, when we are root: PostgreSQL refuses to run as root.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Postgres {
    /// Starts it and returns when it accepts connections.
    pub(super) fn start(programs: &Programs, run_folder: &Path, guard: &mut Guard) -> anyhow::Result<Self> {
        let home = run_folder.join("postgres");
        let setup = Setup { bin: &programs.postgres, home: &home, account: account(run_folder)? };
        let password = random_hex(16)?;
        setup.make_cluster(&password)?;
        guard.server(&setup.data())?;
        for _ in 0..ATTEMPTS {
            let port = free_port()?;
            if setup.start(port)? {
                return Ok(Self { url: format!("postgres://mapae:{password}@127.0.0.1:{port}/postgres") });
            }
        }
        bail!("PostgreSQL does not start:\n{}", fs::read_to_string(setup.log()).unwrap_or_default().trim());
    }
}

struct Setup<'a> {
    bin: &'a Path,
    home: &'a Path,
    account: Option<Account>,
}

impl Setup<'_> {
    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn log(&self) -> PathBuf {
        self.home.join("log")
    }

    fn make_cluster(&self, password: &str) -> anyhow::Result<()> {
        fs::create_dir(self.home)?;
        fs::set_permissions(self.home, fs::Permissions::from_mode(0o700))?;
        let password_file = self.home.join("password");
        fs::write(&password_file, password)?;
        if let Some(account) = self.account {
            for path in [self.home, &password_file] {
                std::os::unix::fs::chown(path, Some(account.user), Some(account.group))?;
            }
        }
        let mut initdb = self.program("initdb");
        initdb.args(["--username=mapae", "--auth-host=password", "--auth-local=reject", "--encoding=UTF8"]);
        initdb
            .args(["--locale=C", "--no-sync", "--pwfile"])
            .arg(&password_file)
            .arg("--pgdata")
            .arg(self.data());
        let made = initdb.output().context("initdb could not be started")?;
        if !made.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr).trim());
        }
        let file = self.data().join("postgresql.conf");
        let standard = fs::read_to_string(&file)?;
        fs::write(&file, standard + CONFIGURATION).context("postgresql.conf could not be written")
    }

    /// True when it runs; false when it did not come up.
    fn start(&self, port: u16) -> anyhow::Result<bool> {
        let mut control = self.program("pg_ctl");
        control.args(["start", "--wait", "--timeout=120", "--silent", "--options", &format!("-p {port}")]);
        control.arg("--log").arg(self.log()).arg("--pgdata").arg(self.data());
        let status = control.stdout(Stdio::null()).stderr(Stdio::null()).status();
        Ok(status.context("pg_ctl could not be started")?.success())
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.current_dir(self.home).stdin(Stdio::null()).env("LC_ALL", "C");
        if let Some(account) = self.account {
            command.uid(account.user).gid(account.group);
        }
        command
    }
}

/// Nothing to change to, unless we are root.
fn account(own_folder: &Path) -> anyhow::Result<Option<Account>> {
    if fs::metadata(own_folder)?.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").context("/etc/passwd cannot be read")?;
    let account = find_account(&accounts, "postgres");
    Ok(Some(account.context(
        "PostgreSQL refuses to run as root, and there is no user `postgres`: adduser --system postgres",
    )?))
}

fn find_account(accounts: &str, name: &str) -> Option<Account> {
    let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some(Account { user: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts =
            "root:x:0:0:root:/:/bin/sh\npostgresql:x:1:2::/:\npostgres:x:101:104:a,,,:/var:/bin/bash\n";
        let found = find_account(accounts, "postgres").map(|account| (account.user, account.group));
        assert_eq!(found, Some((101, 104)));
        assert!(find_account("postgres:x\n", "postgres").is_none());
    }
}
