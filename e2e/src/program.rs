//! The program under test: `mapae` as cargo builds it beside the tests.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::SystemTime,
};

use serde_json::Value;
use tokio::task;

/// Tests this program instead, whatever its age.
const SETTING: &str = "MAPAE_TEST_PROGRAM";

/// What the program is made of, from the top folder. Tests of these crates do not belong to it.
const SOURCES: &[&str] =
    &["crates/protocol", "crates/server", "crates/client", "crates/resource", "crates/simulators", "demo"];
const NO_SOURCES: &[&str] = &["tests", "examples"];

/// The path of the program; it is built if it is missing or older than its sources.
///
/// # Panics
/// It does not build.
pub fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| match env::var_os(SETTING) {
        Some(path) => PathBuf::from(path),
        None => built(),
    })
}

/// The program, with these words. Settings of a server that a developer runs are not meant for it.
pub fn command(words: &[&str]) -> Command {
    let mut command = Command::new(path());
    let inherited = env::vars_os().map(|(name, _)| name);
    for name in inherited.filter(|name| name.to_str().is_some_and(|name| name.starts_with("MAPAE_"))) {
        command.env_remove(name);
    }
    command.env("MAPAE_LOG", "warn").args(words).stdin(Stdio::null());
    command
}

/// Carries out a command that ends by itself, and returns the object that it printed.
///
/// # Errors
/// What the command said when it did not do it.
pub async fn carry_out(mut command: Command, input: &str) -> Result<Value, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (input, spelt) = (input.to_owned(), format!("{:?}", command.get_args().collect::<Vec<_>>()));
    let ended = task::spawn_blocking(move || -> io::Result<_> {
        let mut child = command.spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            // A command that needs no input may be gone already.
            let _ = pipe.write_all(input.as_bytes());
        }
        child.wait_with_output()
    });
    let output = ended.await.expect("the task ends").expect("the program can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    match serde_json::from_str(&said) {
        Ok(object) if output.status.success() => Ok(object),
        _ => Err(format!("{spelt}: {} {said} {complaint}", output.status)),
    }
}

fn built() -> PathBuf {
    let program = beside_this_test();
    let age = fs::metadata(&program).and_then(|program| program.modified()).ok();
    if age.is_none_or(|age| newest_source().is_some_and(|newest| newest > age)) {
        build(&program, &["--package", "mapae", "--bin", "mapae"]);
    }
    program
}

/// `target/debug/deps/it-0123` → `target/debug/mapae`.
fn beside_this_test() -> PathBuf {
    folder_of_programs().join(format!("mapae{}", env::consts::EXE_SUFFIX))
}

fn folder_of_programs() -> PathBuf {
    let test = env::current_exe().expect("a test knows where it is");
    test.ancestors().nth(2).expect("a test is in `deps`").to_owned()
}

/// The path of an example of `mapae-client`, built now if it is not up to date.
///
/// # Panics
/// It does not build.
pub fn client_example(name: &str) -> PathBuf {
    example("mapae-client", name)
}

/// The path of an example of `mapae-resource`, as above.
///
/// # Panics
/// It does not build.
pub fn resource_example(name: &str) -> PathBuf {
    example("mapae-resource", name)
}

fn example(package: &str, name: &str) -> PathBuf {
    let program = folder_of_programs().join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX));
    // Together with these tests, so that nothing that they are made of is built a second time.
    build(&program, &["--package", "mapae-e2e", "--package", package, "--example", name]);
    program
}

fn top_folder() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().expect("this crate is in the workspace").to_owned()
}

fn build(program: &Path, which: &[&str]) {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(top_folder()).args(["build", "--quiet"]).args(which);
    if program.ancestors().any(|folder| folder.ends_with("release")) {
        command.arg("--release");
    }
    let built = command.status().expect("cargo can be started");
    assert!(built.success(), "the program under test does not build");
}

fn newest_source() -> Option<SystemTime> {
    SOURCES.iter().filter_map(|folder| newest_in(&top_folder().join(folder))).max()
}

fn newest_in(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let times = entries.filter_map(|entry| {
        let path = entry.path();
        if !path.is_dir() {
            return entry.metadata().ok()?.modified().ok();
        }
        let name = entry.file_name();
        if NO_SOURCES.iter().any(|other| name == *other) { None } else { newest_in(&path) }
    });
    times.max()
}
