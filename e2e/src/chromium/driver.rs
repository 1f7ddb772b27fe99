//! One chromedriver for all browsers of a test process.

use std::{
    env,
    ffi::OsString,
    io::{self, BufRead, BufReader, Write as _},
    net::{Ipv4Addr, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

/// Another chromedriver than the system's.
const SETTING: &str = "MAPAE_TEST_CHROMEDRIVER";
const USUAL: &str = "/usr/bin/chromedriver";

/// What it prints before its port when it is ready.
const READY: &str = "was started successfully on port ";

/// If its browsers need longer to end, it is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running chromedriver, ended with the last browser that uses it.
#[derive(Debug)]
pub(super) struct Driver {
    child: Child,
    port: u16,
    // As long as it is held, chromedriver can say something without an error.
    _output: BufReader<ChildStdout>,
}

impl Driver {
    /// The one of this process; it is started if no browser is open.
    pub(super) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Driver>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start());
            *shared = Arc::downgrade(&started);
            started
        })
    }

    /// Where it is.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn start() -> Self {
        let program = env::var_os(SETTING).unwrap_or_else(|| OsString::from(USUAL));
        let mut command = Command::new(&program);
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let started = command.spawn();
        let mut child = started.unwrap_or_else(|error| panic!("{} ({SETTING}): {error}", program.display()));
        let mut output = BufReader::new(child.stdout.take().expect("the output is ours"));
        match announced(&mut output) {
            Ok(port) => Self { child, port, _output: output },
            Err(said) => {
                let ended = child.kill().and_then(|()| child.wait());
                panic!("chromedriver did not start ({ended:?}): {said}");
            }
        }
    }
}

/// The port that chromedriver says it has, or what it said instead.
fn announced(output: &mut impl BufRead) -> Result<u16, String> {
    let mut said = String::new();
    while output.read_line(&mut said).is_ok_and(|length| length > 0) {
        let line = said.lines().next_back().unwrap_or_default();
        let port = line.split_once(READY).and_then(|(_, port)| port.trim_end_matches('.').parse().ok());
        if let Some(port) = port {
            return Ok(port);
        }
    }
    Err(said)
}

impl Driver {
    /// Closes whatever browsers are still open, as after a test that failed: killed, it would leave them behind.
    fn shut_down(&self) -> io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = format!("GET /shutdown HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port);
        stream.write_all(request.as_bytes())?;
        // It answers, and closes the connection when it has ended.
        io::copy(&mut stream, &mut io::sink()).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            eprintln!("chromedriver {} does not shut down: {error}", self.child.id());
        }
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait()) {
            eprintln!("chromedriver {} may still be running: {error}", self.child.id());
        }
    }
}
