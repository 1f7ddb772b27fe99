//! `cargo xtask test`: everything, on a machine that has only Rust: installs what is missing, starts PostgreSQL, runs all tests.

mod guard;
mod install;
mod libtest;
mod postgres;
mod programs;
mod run;
mod suites;
mod summary;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;

use self::guard::Guard;
use self::postgres::Postgres;
use self::programs::Programs;
use self::summary::Summary;
use crate::Task;
use crate::tree::Workspace;

/// The settings through which the tests learn what was prepared for them; each is optional for them.
const POSTGRES: &str = "MAPAE_TEST_POSTGRES";
const SCREENS: &str = "MAPAE_TEST_SCREENS";
const CHROMIUM: &str = "MAPAE_TEST_CHROMIUM";
const CHROMEDRIVER: &str = "MAPAE_TEST_CHROMEDRIVER";

/// From the top folder; what tests leave behind for people to look at.
const SCREENS_FOLDER: &str = "artifacts/screens";

/// Set up what is needed (PostgreSQL, Chromium, fonts) and run every test
#[derive(Args)]
pub(crate) struct Test {
    /// Run only the tests whose name contains one of these; other arguments of the test programs may follow
    #[arg(last = true, value_name = "FILTER")]
    filters: Vec<String>,
}

impl Task for Test {
    const NAME: &'static str = "test";

    fn run(self, workspace: &Workspace) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut summary = Summary::default();

        let programs = summary.timed("set-up", || install::prepare(workspace))?;
        println!("set-up: {}", programs.describe());

        let run_folder = RunFolder::make()?;
        let mut guard = Guard::watch(&run_folder.path)?;
        let built = summary.timed("build", || suites::build(workspace, &mut guard))?;
        let postgres =
            summary.timed("PostgreSQL", || Postgres::start(&programs, &run_folder.path, &mut guard))?;

        let screens = workspace.root().join(SCREENS_FOLDER);
        prepare_screens(&screens, self.filters.is_empty())?;
        let settings = settings(&programs, &postgres, &run_folder, screens.clone());
        let finished = run::all(workspace, &built, &self.filters, &settings, &mut guard)?;
        guard.end()?;

        summary.add(finished);
        println!("\n{summary}");
        println!("screenshots: {} in {SCREENS_FOLDER}", pictures_in(&screens));
        let verdict = summary.verdict(began.elapsed());
        println!("{}", verdict.text);
        if verdict.passed { Ok(()) } else { bail!("the tests did not pass") }
    }
}

/// A folder for everything that a run leaves: temporary files of the tests, the database. The guard removes it.
struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    fn make() -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = std::env::temp_dir().join(format!("mapae-test-{}", random_hex(8)?));
        // Another user (PostgreSQL's, when we are root) must be able to pass through, no more.
        fs::DirBuilder::new()
            .mode(0o711)
            .create(&path)
            .with_context(|| format!("{} could not be made", path.display()))?;
        let folder = Self { path };
        fs::create_dir(folder.temporary())?;
        Ok(folder)
    }

    /// Where the tests put their temporary files.
    fn temporary(&self) -> PathBuf {
        self.path.join("tmp")
    }
}

/// As many random bytes, in hexadecimal.
fn random_hex(bytes: usize) -> anyhow::Result<String> {
    use std::io::Read as _;
    let mut random = vec![0; bytes];
    let mut source = fs::File::open("/dev/urandom").context("no source of random numbers")?;
    source.read_exact(&mut random).context("no random numbers")?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn settings(
    programs: &Programs,
    postgres: &Postgres,
    folder: &RunFolder,
    screens: PathBuf,
) -> Vec<(&'static str, OsString)> {
    vec![
        (POSTGRES, postgres.url.clone().into()),
        (SCREENS, screens.into()),
        (CHROMIUM, programs.chromium.clone().into()),
        (CHROMEDRIVER, programs.chromedriver.clone().into()),
        ("TMPDIR", folder.temporary().into()),
    ]
}

/// A full run begins with an empty folder, so that no picture is older than the code.
fn prepare_screens(folder: &Path, full_run: bool) -> anyhow::Result<()> {
    if full_run && folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("{} could not be emptied", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("{} could not be made", folder.display()))
}

fn pictures_in(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| entry.path())
        .map(|path| if path.is_dir() { pictures_in(&path) } else { usize::from(is_picture(&path)) })
        .sum()
}

fn is_picture(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "png")
}
