//! A data folder of Mapae with everything that is asked for in the benchmark, made by its own command line.

use std::fs;
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
const SIGNS_IN: &[&str] = &[
    "--redirect-uri",
    REDIRECT_URI,
    "--grant",
    "authorization_code",
    "--required-scope",
    "openid",
    "--required-scope",
    "calendar.read",
    "--id-token-alg",
    "ES256",
];

/// What else the app is that is asked for most.
const WEB_APP: &[&str] = &["--name", "Service", "--required-scope", "notes.read"];

/// What else the app is that signs what it says, and whose tokens are bound to its key.
const BOUND_APP: &[&str] = &[
    "--name",
    "Bound service",
    "--auth-method",
    "private_key_jwt",
    "--metadata",
    "dpop_bound_access_tokens=true",
];

/// An app that acts for itself.
const MACHINE_APP: &[&str] =
    &["--name", "Machine", "--grant", "client_credentials", "--required-scope", "calendar.read"];

/// An app on devices without a browser.
const DEVICE_APP: &[&str] =
    &["--name", "Device", "--grant", "device_code", "--required-scope", "calendar.read"];

/// An app that is called with tokens, and exchanges them.
const EXCHANGE_APP: &[&str] =
    &["--name", "Exchange", "--grant", "token-exchange", "--required-scope", "calendar.read"];

/// A data folder, and the program that works on it.
pub(super) struct Installation<'a> {
    pub(super) mapae: &'a Path,
    /// The load generator, which makes the key with which it signs.
    pub(super) bench: &'a Path,
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
        let web = self.create("app", &[SIGNS_IN, WEB_APP].concat(), "")?;
        let machine = self.create("app", MACHINE_APP, "")?;
        let device = self.create("app", DEVICE_APP, "")?;
        let exchange = self.create("app", EXCHANGE_APP, "")?;
        self.permit(&exchange)?;
        let (bound, key) = self.bound_app()?;
        let calendar_read = || json!({ "scope": "calendar.read", "resource": CALENDAR });
        Ok(json!({
            "machine": credential(&machine, calendar_read())?,
            "device": credential(&device, calendar_read())?,
            "exchange": credential(&exchange, calendar_read())?,
            "bound": { "id": member(&bound, "client_id")?, "key": key, "redirect_uri": REDIRECT_URI },
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

    /// The app that signs, and its key.
    fn bound_app(&self) -> anyhow::Result<(Value, Value)> {
        let made =
            Command::new(self.bench).arg("key").output().context("mapae-bench could not be started")?;
        let made: Value = serde_json::from_slice(&made.stdout).context("mapae-bench makes no key")?;
        let file = self.data.with_extension("jwks");
        fs::write(&file, member(&made, "jwks")?.to_string()).context("a key set could not be written")?;
        let path = file.to_string_lossy();
        let app = self.create("app", &[SIGNS_IN, BOUND_APP, &["--jwks-file", &path]].concat(), "")?;
        Ok((app, member(&made, "key")?.clone()))
    }

    fn permit(&self, app: &Value) -> anyhow::Result<()> {
        let id = member(app, "client_id")?.as_str().unwrap_or_default();
        self.run(&["api", "permit", CALENDAR, "--app", id], "").map(|_| ())
    }

    fn create(&self, what: &str, options: &[&str], input: &str) -> anyhow::Result<Value> {
        self.run(&[&[what, "create"], options].concat(), input)
    }

    fn run(&self, words: &[&str], input: &str) -> anyhow::Result<Value> {
        let what = words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        let mut command = Command::new(self.mapae);
        command.args(words).args(["--json", "--data"]).arg(&self.data);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("mapae could not be started")?;
        let mut stdin = child.stdin.take().context("it has no input")?;
        stdin.write_all(input.as_bytes())?;
        drop(stdin);
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            bail!("mapae {what}: {said}{}", String::from_utf8_lossy(&output.stderr));
        }
        serde_json::from_str(&said).with_context(|| format!("mapae {what}: not JSON"))
    }
}

/// The credential that was shown once, with what else belongs to it.
fn credential(made: &Value, mut more: Value) -> anyhow::Result<Value> {
    let fields = more.as_object_mut().context("not an object")?;
    for (name, shown) in [("id", "client_id"), ("secret", "client_secret")] {
        fields.insert(name.to_owned(), member(made, shown)?.clone());
    }
    Ok(more)
}

fn member<'v>(value: &'v Value, name: &str) -> anyhow::Result<&'v Value> {
    value.get(name).with_context(|| format!("no {name}"))
}
