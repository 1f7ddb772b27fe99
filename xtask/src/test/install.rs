//! Installs what the tests need and the machine lacks: as root or by `sudo` with the packages of Debian and Ubuntu,
//! otherwise says the one command to run.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use super::programs::{self, Programs};
use super::{CHROMEDRIVER, CHROMIUM};
use crate::tree::Workspace;

/// Something that the tests need.
struct Need {
    name: &'static str,
    met: fn(&Workspace) -> bool,
    debian: &'static [&'static str],
    ubuntu: &'static [&'static str],
}

const NEEDS: &[Need] = &[
    Need {
        name: "PostgreSQL (initdb, pg_ctl, postgres)",
        met: |_| programs::postgres().is_some(),
        debian: &["postgresql"],
        ubuntu: &["postgresql"],
    },
    Need {
        name: "Chromium",
        met: |_| programs::chromium().is_some(),
        debian: &["chromium"],
        ubuntu: &["chromium-browser"],
    },
    Need {
        name: "chromedriver",
        met: |_| programs::chromedriver().is_some(),
        debian: &["chromium-driver"],
        ubuntu: &["chromium-chromedriver"],
    },
    Need {
        name: "a font with Korean letters",
        met: |_| programs::korean_font(),
        debian: &["fontconfig", "fonts-noto-cjk"],
        ubuntu: &["fontconfig", "fonts-noto-cjk"],
    },
    Need {
        name: "Node and npm",
        met: programs::node,
        debian: &["nodejs", "npm"],
        ubuntu: &["nodejs", "npm"],
    },
    Need { name: "curl", met: |_| programs::on_path("curl").is_some(), debian: &["curl"], ubuntu: &["curl"] },
    Need {
        name: "openssl",
        met: |_| programs::on_path("openssl").is_some(),
        debian: &["openssl"],
        ubuntu: &["openssl"],
    },
];

/// What comes before `apt-get`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    Root,
    /// `sudo` that asks for no password.
    Sudo,
    None,
}

/// Makes sure that everything is there, and says where.
pub(super) fn prepare(workspace: &Workspace) -> anyhow::Result<Programs> {
    let missing = missing(workspace);
    if !missing.is_empty() {
        install(&missing)?;
        let still: Vec<&str> = self::missing(workspace).iter().map(|need| need.name).collect();
        if !still.is_empty() {
            bail!("installed, but still not found: {}{}", still.join(", "), BROWSER_BY_HAND);
        }
    }
    let found = Programs {
        postgres: programs::postgres().context("PostgreSQL is gone")?,
        chromium: programs::chromium().context("Chromium is gone")?,
        chromedriver: programs::chromedriver().context("chromedriver is gone")?,
    };
    browser_and_driver_fit(&found)?;
    Ok(found)
}

/// On Ubuntu the browser is a snap, which a container cannot install.
const BROWSER_BY_HAND: &str = "\nWhere the system has no usable browser package (Ubuntu in a container), install Chrome and the chromedriver of \
                               the same version, and name them in MAPAE_TEST_CHROMIUM and MAPAE_TEST_CHROMEDRIVER.";

fn missing(workspace: &Workspace) -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !(need.met)(workspace)).collect()
}

fn browser_and_driver_fit(found: &Programs) -> anyhow::Result<()> {
    let version = |program: &Path| {
        let said = programs::version(program);
        said.with_context(|| {
            format!("{} does not start (asked for its --version){BROWSER_BY_HAND}", program.display())
        })
    };
    let (browser, driver) = (version(&found.chromium)?, version(&found.chromedriver)?);
    if programs::major(&browser) != programs::major(&driver) {
        bail!(
            "{browser} and {driver} do not fit: install the same version of both, and name them in {CHROMIUM} and {CHROMEDRIVER}"
        );
    }
    Ok(())
}

fn install(missing: &[&Need]) -> anyhow::Result<()> {
    let names: Vec<&str> = missing.iter().map(|need| need.name).collect();
    if programs::on_path("apt-get").is_none() {
        bail!("this machine lacks {}; there is no apt-get here to install them with", names.join(", "));
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let packages = packages(missing, is_ubuntu(&release));
    let power = power();
    if power == Power::None {
        bail!(
            "this machine lacks {}; run this, then start again:\n\n    {}\n",
            names.join(", "),
            one_command(&packages)
        );
    }
    println!("installing {} ({})", names.join(", "), packages.join(" "));
    apt(power, &["update"])?;
    let mut install = vec!["install", "--yes", "--no-install-recommends"];
    install.extend(packages);
    apt(power, &install)
}

fn packages(missing: &[&Need], ubuntu: bool) -> Vec<&'static str> {
    missing.iter().flat_map(|need| if ubuntu { need.ubuntu } else { need.debian }).copied().collect()
}

fn one_command(packages: &[&str]) -> String {
    format!(
        "sudo apt-get update && sudo apt-get install --yes --no-install-recommends {}",
        packages.join(" ")
    )
}

/// `ID=ubuntu`, or a descendant that says so in `ID_LIKE`.
fn is_ubuntu(release: &str) -> bool {
    let values =
        release.lines().filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")));
    values.into_iter().any(|value| value.trim_matches('"').split(' ').any(|word| word == "ubuntu"))
}

fn power() -> Power {
    let prints = |program: &str, arguments: &[&str]| Command::new(program).args(arguments).output().ok();
    if prints("id", &["-u"]).is_some_and(|output| output.stdout.trim_ascii() == b"0") {
        return Power::Root;
    }
    if prints("sudo", &["-n", "true"]).is_some_and(|output| output.status.success()) {
        return Power::Sudo;
    }
    Power::None
}

fn apt(power: Power, arguments: &[&str]) -> anyhow::Result<()> {
    let mut words = if power == Power::Sudo { vec!["sudo", "-n"] } else { Vec::new() };
    words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]);
    // Somebody else may be installing at the moment: wait, do not fail.
    words.extend(["--option=DPkg::Lock::Timeout=300", "--option=Dpkg::Use-Pty=0"]);
    words.extend(arguments);
    let (program, arguments) = words.split_first().context("no command")?;
    let status = Command::new(program).args(arguments).stdin(std::process::Stdio::null()).status()?;
    if !status.success() {
        bail!("`{}` failed ({status})", words.join(" "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_of_the_system_decides_on_the_names_of_packages() {
        assert!(is_ubuntu("NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n"));
        assert!(is_ubuntu("ID=pop\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_ubuntu("PRETTY_NAME=\"not ubuntu\"\nID=debian\n"));
        assert!(!is_ubuntu(""));
    }

    #[test]
    fn the_one_command_names_every_missing_package() {
        let all: Vec<&Need> = NEEDS.iter().collect();
        assert_eq!(
            one_command(&packages(&all, false)),
            "sudo apt-get update && sudo apt-get install --yes --no-install-recommends \
             postgresql chromium chromium-driver fontconfig fonts-noto-cjk nodejs npm curl openssl"
        );
        assert!(packages(&all, true).contains(&"chromium-chromedriver"));
        assert_eq!(packages(&[], true), [""; 0]);
    }
}
