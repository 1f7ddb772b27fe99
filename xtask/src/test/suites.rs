//! Builds all test programs and says which is which.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, bail};
use serde_json::Value;

use super::guard::Guard;
use crate::tree::Workspace;

/// What kind of tests a program holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    Units,
    Integration,
    EndToEnd,
    Documentation,
}

impl Group {
    /// As the summary calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::Integration => "integration",
            Self::EndToEnd => "end-to-end",
            Self::Documentation => "documentation",
        }
    }
}

/// One test program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suite {
    /// `crates/server`, `crates/server tests/store`.
    pub(super) name: String,
    pub(super) group: Group,
}

/// Test programs by file name, which contains a hash and so is unique.
pub(super) type Suites = BTreeMap<String, Suite>;

/// The arguments that choose what is built: the same for building and running, or everything would be built twice.
pub(super) const SELECTION: &[&str] = &["test", "--workspace", "--locked"];

/// Builds every test, every program and every example.
pub(super) fn build(workspace: &Workspace, guard: &mut Guard) -> anyhow::Result<Suites> {
    let mut cargo = workspace.command("cargo");
    cargo.process_group(0);
    cargo
        .args(SELECTION)
        .args(["--no-run", "--message-format=json-render-diagnostics"])
        .stdout(Stdio::piped());
    let mut cargo = cargo.spawn().context("cargo could not be started")?;
    guard.group(cargo.id())?;
    let output = cargo.stdout.take().context("cargo has no output")?;
    let mut suites = Suites::new();
    for line in BufReader::new(output).lines() {
        let Ok(message) = serde_json::from_str(&line?) else { continue };
        suites.extend(suite(&message, workspace.root()));
    }
    if !cargo.wait()?.success() {
        bail!("the tests do not compile");
    }
    Ok(suites)
}

/// The test program that a message of cargo tells of.
fn suite(message: &Value, root: &Path) -> Option<(String, Suite)> {
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
    let is_test = message.pointer("/profile/test").and_then(Value::as_bool).unwrap_or_default();
    if text("/reason") != Some("compiler-artifact") || !is_test {
        return None;
    }
    let file = Path::new(text("/executable")?).file_name()?.to_str()?.to_owned();
    let folder = Path::new(text("/manifest_path")?).parent()?.strip_prefix(root).ok()?.to_str()?.to_owned();
    let suite = match text("/target/kind/0")? {
        "test" => Suite {
            name: format!("{folder} tests/{}", text("/target/name")?),
            group: if folder == "e2e" { Group::EndToEnd } else { Group::Integration },
        },
        "bin" => Suite { name: format!("{folder} {}", text("/target/name")?), group: Group::Units },
        _ => Suite { name: folder, group: Group::Units },
    };
    Some((file, suite))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn artifact(folder: &str, kind: &str, name: &str, test: bool) -> Value {
        json!({
            "reason": "compiler-artifact",
            "manifest_path": format!("/r/{folder}/Cargo.toml"),
            "target": { "kind": [kind], "name": name },
            "profile": { "test": test },
            "executable": format!("/r/target/debug/deps/{name}-1f"),
        })
    }

    #[test]
    fn test_programs_are_told_apart_by_package_and_kind() {
        let suite = |message: Value| suite(&message, Path::new("/r"));
        let named =
            |file: &str, name: &str, group| Some((file.to_owned(), Suite { name: name.into(), group }));
        assert_eq!(
            suite(artifact("crates/server", "lib", "mapae", true)),
            named("mapae-1f", "crates/server", Group::Units)
        );
        assert_eq!(
            suite(artifact("crates/server", "test", "store", true)),
            named("store-1f", "crates/server tests/store", Group::Integration)
        );
        assert_eq!(
            suite(artifact("e2e", "test", "login", true)),
            named("login-1f", "e2e tests/login", Group::EndToEnd)
        );
        assert_eq!(suite(artifact("crates/server", "bin", "mapae", false)), None);
        assert_eq!(suite(json!({ "reason": "build-finished" })), None);
    }
}
