//! The program under test: `mapae` as cargo builds it beside the tests.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// Tests this program instead, whatever its age.
const SETTING: &str = "MAPAE_TEST_PROGRAM";

/// What the program is made of, from the top folder. Tests of these crates do not belong to it.
const SOURCES: &[&str] = &["crates/protocol", "crates/server", "crates/client", "crates/resource", "demo"];
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
    let program = folder_of_programs().join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX));
    // Together with these tests, so that nothing that they are made of is built a second time.
    build(&program, &["--package", "mapae-e2e", "--package", "mapae-client", "--example", name]);
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
