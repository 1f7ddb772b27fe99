//! A data folder of Mapae with everything that is asked for in the benchmark, made by its own command line.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// As many people as connections, so that each has a browser of their own.
const PEOPLE: usize = 64;
const PASSWORD: &str = "correct horse battery";

const REDIRECT_URI: &str = "https://service.example.com/callback";
const CALENDAR: &str = "https://calendar.example.com";
const NOTES: &str = "https://notes.example.com";

/// An API whose tokens are JWTs.
const CALENDAR_API: &[&str] =
    &["--identifier", CALENDAR, "--name", "Calendar", "--scope", "calendar.read=일정 보기|See your calendar"];

/// An API whose tokens are opaque.
const NOTES_API: &[&str] = &[
    "--identifier",
    NOTES,
    "--name",
    "Notes",
    "--token-format",
    "opaque",
    "--scope",
    "notes.read=메모 보기|See your notes",
];

/// An app that people sign in to. Without refresh tokens, as the peer's: they are not what is measured.
const WEB_APP: &[&str] = &[
    "--name",
    "Service",
    "--redirect-uri",
    REDIRECT_URI,
    "--grant",
    "authorization_code",
    "--required-scope",
    "openid",
    "--required-scope",
    "calendar.read",
    "--required-scope",
    "notes.read",
    "--id-token-alg",
    "ES256",
];

/// An app that acts for itself.
const MACHINE_APP: &[&str] =
    &["--name", "Machine", "--grant", "client_credentials", "--required-scope", "calendar.read"];

/// A data folder, and the program that works on it.
pub(super) struct Installation<'a> {
    pub(super) mapae: &'a Path,
    pub(super) data: PathBuf,
}

impl Installation<'_> {
    /// Registers everybody and everything; what the load generator must know of it.
    pub(super) fn set_up(&self) -> anyhow::Result<Value> {
        for number in 0..PEOPLE {
            let email = format!("person-{number}@example.com");
            let name = format!("Person {number}");
            let person = ["--email", &email, "--name", &name, "--email-verified", "--password-stdin"];
            self.create("user", &person, PASSWORD)?;
        }
        let calendar = self.create("api", CALENDAR_API, "")?;
        let notes = self.create("api", NOTES_API, "")?;
        let web = self.create("app", WEB_APP, "")?;
        let machine = self.create("app", MACHINE_APP, "")?;
        Ok(json!({
            "machine": credential(&machine, json!({ "scope": "calendar.read", "resource": CALENDAR }))?,
            "web": credential(&web, json!({ "redirect_uri": REDIRECT_URI }))?,
            "signed": credential(&calendar, json!({ "scope": "openid calendar.read", "resource": CALENDAR }))?,
            "opaque": credential(&notes, json!({ "scope": "openid notes.read", "resource": NOTES }))?,
            "people": PEOPLE,
            "password": PASSWORD,
        }))
    }

    /// The command that serves.
    pub(super) fn serve(&self, listen: &str) -> Command {
        let mut command = Command::new(self.mapae);
        command.args(["serve", "--json", "--listen", listen, "--data"]).arg(&self.data);
        command
    }

    fn create(&self, what: &str, options: &[&str], input: &str) -> anyhow::Result<Value> {
        let mut command = Command::new(self.mapae);
        command.args([what, "create", "--json"]).args(options).arg("--data").arg(&self.data);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("mapae could not be started")?;
        let mut stdin = child.stdin.take().context("it has no input")?;
        stdin.write_all(input.as_bytes())?;
        drop(stdin);
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            bail!("mapae {what} create: {said}{}", String::from_utf8_lossy(&output.stderr));
        }
        serde_json::from_str(&said).with_context(|| format!("mapae {what} create: not JSON"))
    }
}

/// The credential that was shown once, with what else belongs to it.
fn credential(made: &Value, mut more: Value) -> anyhow::Result<Value> {
    let fields = more.as_object_mut().context("not an object")?;
    for (name, shown) in [("id", "client_id"), ("secret", "client_secret")] {
        let value = made.get(shown).with_context(|| format!("no {shown}"))?;
        fields.insert(name.to_owned(), value.clone());
    }
    Ok(more)
}
