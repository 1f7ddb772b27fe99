//! Processes of the real program: started, asked, killed, and started again on the same data.
//!
//! A kill ends the process, not the machine: what it had given to the kernel still reaches the disk. So these parts
//! can show that nothing is acknowledged before it is written, not that the disk keeps what is written.

use std::{
    fmt, fs,
    io::{self, BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use mapae_testkit::{free_port, postgres::PostgresServer};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{task, time::timeout};

use crate::{
    certificate::Certificate,
    program,
    wire::{Node, Wire},
};

/// A server that needs longer to start does not start.
const PATIENCE: Duration = Duration::from_secs(60);
/// How much of the log is shown when something went wrong, in bytes.
const SHOWN: usize = 8_000;

/// Ends when nobody else is connected to the database.
const WAIT_ALONE: &str = "DO $$ BEGIN \
    WHILE EXISTS (SELECT 1 FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()) LOOP \
        PERFORM pg_sleep(0.005); PERFORM pg_stat_clear_snapshot(); \
    END LOOP; END $$";

/// What outlives a process: a data folder, a database, a port, settings. Dropping it removes the folder.
#[derive(Debug)]
pub struct Installation {
    folder: TempDir,
    database: String,
    port: u16,
    settings: Vec<(&'static str, String)>,
    is_https: bool,
}

/// A data folder as it once was.
#[derive(Debug)]
pub struct Backup(TempDir);

/// A running server. Dropping it kills it.
pub struct Process {
    child: Child,
    node: Node,
    ready_after: Duration,
    // As long as it is held, the server can say something without an error.
    _output: BufReader<ChildStdout>,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("pid", &self.pid()).field("node", &self.node).finish_non_exhaustive()
    }
}

impl Installation {
    /// A new one on SQLite.
    pub fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let database = format!("sqlite:{}", folder.path().join("data/mapae.db").display());
        Self { folder, database, port: free_port(), settings: Vec::new(), is_https: false }
    }

    /// A new one on a database of its own of the tests' PostgreSQL.
    pub async fn on_postgres() -> Self {
        let server = PostgresServer::shared().expect("PostgreSQL starts");
        let database = server.fresh_database().await.expect("a database can be made");
        Self { database, ..Self::on_sqlite() }
    }

    /// With a setting, by its name in the environment.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.settings.push((name, value.to_string()));
        self
    }

    /// Which speaks TLS itself, with this certificate.
    #[must_use]
    pub fn on_https(self, certificate: &Certificate) -> Self {
        let named = self
            .with("MAPAE_TLS_CERT", certificate.certificate().display())
            .with("MAPAE_TLS_KEY", certificate.key().display());
        Self { is_https: true, ..named }
    }

    /// Starts the server and waits until it has said that it is ready and answers.
    pub async fn start(&self) -> Process {
        self.start_on(self.port).await
    }

    /// Starts one more server over the same database, as a second machine behind the same address.
    pub async fn start_beside(&self) -> Process {
        self.start_on(free_port()).await
    }

    async fn start_on(&self, port: u16) -> Process {
        let began = Instant::now();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let scheme = if self.is_https { "https" } else { "http" };
        let issuer = format!("{scheme}://localhost:{}", self.port);
        let mut command = self.command(&["serve", "--listen", &address.to_string(), "--issuer", &issuer]);
        let log = fs::File::options().create(true).append(true).open(self.log_file());
        command.stdout(Stdio::piped()).stderr(log.expect("the log can be written"));
        let mut child = command.spawn().expect("the program can be started");
        let output = child.stdout.take().expect("the output is ours");
        let node = Node { address, issuer };
        let welcome = timeout(PATIENCE, task::spawn_blocking(|| first_line(output))).await;
        let Ok(Ok(Ok((line, output)))) = welcome else {
            let ended = child.kill().and_then(|()| child.wait());
            panic!("the server did not start ({ended:?}):\n{}", self.log());
        };
        let mut process = Process { child, node, ready_after: Duration::ZERO, _output: output };
        if self.is_https {
            // Nobody here trusts its certificate: whoever asks it does.
            process.ready_after = began.elapsed();
            return process;
        }
        let discovery = Wire::to(&process.node).get("/.well-known/openid-configuration", &[]).await;
        let status = discovery.map(|reply| reply.status.as_u16());
        assert_eq!(status, Ok(200), "the server does not answer; it said {line}\n{}", self.log());
        process.ready_after = began.elapsed();
        process
    }

    /// Carries out a command of the program beside whatever is running, and returns the object that it printed.
    ///
    /// # Errors
    /// What the command said when it did not do it.
    pub async fn run(&self, words: &[&str], input: &str) -> Result<Value, String> {
        program::carry_out(self.command(words), input).await
    }

    /// Waits until PostgreSQL has finished whatever a killed server had asked it to do.
    pub async fn settle(&self) {
        if self.database.starts_with("sqlite:") {
            return;
        }
        let server = PostgresServer::shared().expect("PostgreSQL runs");
        let settled = timeout(PATIENCE, server.execute(&self.database, WAIT_ALONE)).await;
        settled.expect("PostgreSQL comes to rest").expect("PostgreSQL answers");
    }

    /// Copies the data folder of a server that does not run.
    pub fn back_up(&self) -> Backup {
        let backup = Backup(tempfile::tempdir().expect("a folder can be made"));
        copy(&self.data_folder(), backup.0.path()).expect("the data can be copied");
        backup
    }

    /// An installation of its own with a copy of everything, which says that it is this one. Nothing may run here now.
    pub fn twin(&self) -> Self {
        let twin = Self { port: self.port, settings: self.settings.clone(), ..Self::on_sqlite() };
        copy(&self.data_folder(), &twin.data_folder()).expect("the data can be copied");
        twin
    }

    /// Puts everything back as it was then, while no server runs.
    pub fn restore(&self, backup: &Backup) {
        fs::remove_dir_all(self.data_folder()).expect("the data can be removed");
        copy(backup.0.path(), &self.data_folder()).expect("the data can be put back");
    }

    /// The end of everything that its servers have logged.
    pub fn log(&self) -> String {
        let log = fs::read(self.log_file()).unwrap_or_default();
        let from = log.len().saturating_sub(SHOWN);
        String::from_utf8_lossy(log.get(from..).unwrap_or_default()).into_owned()
    }

    /// The lines of the log that tell of a fault of the server.
    pub fn faults(&self) -> Vec<String> {
        faults_in(&self.log_file())
    }

    fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("serve.log")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = program::command(words);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.arg("--json").arg("--data").arg(self.data_folder());
        command.args(["--database", &self.database]).current_dir(self.folder.path());
        command
    }
}

impl Process {
    /// Where it is.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How long it took from the start to the first answer.
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Ends it at once, as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        self.end().expect("the process can be killed");
    }

    fn end(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("process {} may still be running: {error}", self.pid());
        }
    }
}

/// Everything in a folder, also its folders.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() { copy(&from, &to)? } else { fs::copy(&from, &to).map(drop)? }
    }
    Ok(())
}

/// The lines of a log that tell of a fault of the program.
pub(crate) fn faults_in(log: &Path) -> Vec<String> {
    let log = fs::read(log).unwrap_or_default();
    let lines = String::from_utf8_lossy(&log).into_owned();
    let faults = lines.lines().filter(|line| line.contains("ERROR") || line.contains("panicked"));
    faults.map(str::to_owned).collect()
}

fn first_line(output: ChildStdout) -> io::Result<(String, BufReader<ChildStdout>)> {
    let mut output = BufReader::new(output);
    let mut line = String::new();
    output.read_line(&mut line)?;
    Ok((line, output))
}
