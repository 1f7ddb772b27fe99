//! A PostgreSQL server of the test process's own: started from the installed binaries in a temporary folder,
//! reached by a socket in it, gone when the process is.
//!
//! It runs under a small shell script that holds a pipe from the test process. However that process ends,
//! the pipe closes, and the script stops the server and removes the folder.

use std::{
    fs, io,
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio_postgres::NoTls;

use crate::free_port;

/// `$1`: the folder, `$2`: the binaries, `$3`: server settings, `$4`: `tls` if it needs a certificate. Says
/// `started` or `stopped` after each order.
const KEEPER: &str = r#"
set -u
folder=$1 bin=$2 settings=$3
umask 077
if [ "$4" = tls ]
then
    cat > "$folder/openssl.cnf" << 'END'
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = localhost
[extensions]
basicConstraints = critical,CA:FALSE
subjectAltName = DNS:localhost
END
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -config "$folder/openssl.cnf" -keyout "$folder/server.key" -out "$folder/server.crt" 2> /dev/null || exit 1
fi
if ! "$bin/initdb" -D "$folder/data" -U postgres --auth=trust --no-sync --encoding=UTF8 --locale=C \
    > "$folder/initdb.log" 2>&1
then
    cat "$folder/initdb.log" >&2
    exit 1
fi
start() {
    if "$bin/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 60 -o "$settings" start > /dev/null
    then echo started
    else cat "$folder/server.log" >&2
    fi
}
stop() {
    "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop > /dev/null
    echo stopped
}
start
while read -r order
do
    case $order in
        start) start ;;
        stop) stop ;;
    esac
done
stop > /dev/null
rm -rf "$folder"
"#;

/// A running server. Its disk is not flushed: it is for tests of correctness, not of durability.
#[derive(Debug)]
pub struct PostgresServer {
    folder: PathBuf,
    port: u16,
    keeper: Mutex<Keeper>,
    databases: AtomicU64,
}

#[derive(Debug)]
struct Keeper {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl PostgresServer {
    /// The server that all tests of this process share.
    ///
    /// # Errors
    /// What [`start`](Self::start) failed with, the first time
    pub fn shared() -> io::Result<&'static Self> {
        static SHARED: OnceLock<Result<PostgresServer, String>> = OnceLock::new();
        SHARED
            .get_or_init(|| Self::start().map_err(|error| error.to_string()))
            .as_ref()
            .map_err(|reason| io::Error::other(reason.clone()))
    }

    /// Starts a server of one's own, to stop it at will.
    ///
    /// # Errors
    /// The server's programs are not installed, or it does not start; the message says what to do.
    pub fn start() -> io::Result<Self> {
        Self::start_on(5432, "listen_addresses=", "plain")
    }

    /// Starts one that listens on a port of `localhost` as well, and knows no TLS.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_on_a_port() -> io::Result<Self> {
        Self::start_on(free_port(), "listen_addresses=127.0.0.1", "plain")
    }

    /// Starts one that listens on a port of `localhost` as well, with TLS and a certificate of its own.
    ///
    /// # Errors
    /// As [`start`](Self::start), or `openssl` is not installed.
    pub fn start_with_tls() -> io::Result<Self> {
        Self::start_on(free_port(), "listen_addresses=127.0.0.1", "tls")
    }

    fn start_on(port: u16, listen: &str, tls: &str) -> io::Result<Self> {
        let bin = binaries()?;
        let folder = tempfile::Builder::new().prefix("mapae-postgres-").tempdir()?.keep();
        let mut command = Command::new("/bin/sh");
        if let Some((user, group)) = unprivileged()? {
            chown(&folder, Some(user), Some(group))?;
            command.uid(user).gid(group);
        }
        let socket = folder.display();
        let certificate = if tls == "tls" {
            format!("-c ssl=on -c ssl_cert_file={socket}/server.crt -c ssl_key_file={socket}/server.key")
        } else {
            String::new()
        };
        let settings = format!(
            "-c {listen} -c port={port} {certificate} -c unix_socket_directories={socket} -c fsync=off -c full_page_writes=off \
             -c max_connections=300 -c shared_buffers=64MB"
        );
        let mut child = command
            .args(["-c", KEEPER, "keeper"])
            .args([&folder, &bin])
            .args([&settings, tls])
            .current_dir(&folder)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let orders = child.stdin.take();
        let answers = child.stdout.take().ok_or_else(|| io::Error::other("the server has no output"))?;
        let mut keeper = Keeper { child, orders, answers: BufReader::new(answers) };
        keeper.expect("started")?;
        Ok(Self { folder, port, keeper: Mutex::new(keeper), databases: AtomicU64::new(0) })
    }

    /// Makes an empty database and returns its address.
    ///
    /// # Errors
    /// What the server said.
    pub async fn fresh_database(&self) -> io::Result<String> {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE DATABASE {name}")).await?;
        Ok(self.url(&name))
    }

    /// Executes statements in the database of this address or name, past the program under test.
    ///
    /// # Errors
    /// What the server said.
    pub async fn execute(&self, database: &str, statements: &str) -> io::Result<()> {
        let url = if database.contains("://") { database.to_owned() } else { self.url(database) };
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.map_err(io::Error::other)?;
        let connection = tokio::spawn(connection);
        let outcome = client.batch_execute(statements).await.map_err(io::Error::other);
        drop(client);
        drop(connection.await);
        outcome
    }

    /// The socket on which it listens.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{}", self.port))
    }

    /// The address of a database by the port of [`start_with_tls`](Self::start_with_tls) or
    /// [`start_on_a_port`](Self::start_on_a_port), without parameters.
    #[must_use]
    pub fn tcp_url(&self, host: &str, database: &str) -> String {
        format!("postgres://postgres@{host}:{}/{database}", self.port)
    }

    /// The certificate of [`start_with_tls`](Self::start_with_tls).
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("server.crt")
    }

    /// Stops the server at once, as a crash would.
    ///
    /// # Errors
    /// The server is beyond reach.
    pub fn stop(&self) -> io::Result<()> {
        self.order("stop", "stopped")
    }

    /// Starts it again after [`stop`](Self::stop).
    ///
    /// # Errors
    /// It does not start.
    pub fn start_again(&self) -> io::Result<()> {
        self.order("start", "started")
    }

    fn url(&self, database: &str) -> String {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{socket}:{}/{database}", self.port)
    }

    fn order(&self, order: &str, answer: &str) -> io::Result<()> {
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let orders = keeper.orders.as_mut().ok_or_else(|| io::Error::other("the server has no input"))?;
        writeln!(orders, "{order}")?;
        keeper.expect(answer)
    }
}

/// Everything in a database, as one text.
///
/// # Errors
/// What the server said.
pub async fn dump(url: &str) -> io::Result<String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let tables = "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables \
                  WHERE table_schema NOT IN ('information_schema', 'pg_catalog')";
    let mut text = String::new();
    for table in client.query(tables, &[]).await.map_err(io::Error::other)? {
        let name: String = table.get(0);
        let rows = format!("SELECT CAST(t AS TEXT) FROM {name} t");
        for row in client.query(&rows, &[]).await.map_err(io::Error::other)? {
            text.push_str(row.get(0));
            text.push('\n');
        }
    }
    Ok(text)
}

impl Keeper {
    fn expect(&mut self, answer: &str) -> io::Result<()> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line.trim_end() == answer {
            Ok(())
        } else {
            Err(io::Error::other("PostgreSQL did not start; see above"))
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.orders = None;
        // It ends by itself once the pipe is closed; waiting only keeps no zombie.
        drop(self.child.wait());
    }
}

/// The newest server that is installed.
fn binaries() -> io::Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed =
        versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists());
    let version = |bin: &PathBuf| {
        let name = bin.parent().and_then(Path::file_name)?.to_str()?;
        name.parse::<u32>().ok()
    };
    installed.max_by_key(version).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            "these tests need the PostgreSQL server programs in /usr/lib/postgresql/*/bin: apt-get install postgresql",
        )
    })
}

/// The user `postgres` if this process is root, because the server refuses to run as root.
fn unprivileged() -> io::Result<Option<(u32, u32)>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let postgres = users.lines().find(|line| line.starts_with("postgres:"));
    let ids = postgres.and_then(|line| {
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    ids.map(Some)
        .ok_or_else(|| io::Error::other("PostgreSQL does not run as root, and there is no user postgres"))
}
