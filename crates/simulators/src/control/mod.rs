//! The control of a simulator: one list of commands for programs, `curl`, the page and tests in the same process.

mod carry_out;
pub(crate) mod page;

use axum::{body::Bytes, extract::State, response::Response};
use http::{HeaderMap, StatusCode, header};
use mapae_protocol::params::{Limits, Params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    App, Person,
    engine::{Done, Engine},
    web::{
        self, json, moved,
        page::{Frame, Trouble},
    },
};

/// Something to do to a simulator: `POST /control` as JSON or as a form, with its name in `do`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Registers an app, or replaces the one with its `client_id`. Without items it gets those of the default app.
    App(Box<App>),
    /// Registers one more redirect URI.
    RedirectUri {
        /// The address.
        uri: String,
        /// For which app; the default one when absent.
        client_id: Option<String>,
    },
    /// Sets where an app hears of one kind of notification; without `url` it hears no more.
    Webhook {
        /// The kind, as `/control` lists them.
        kind: String,
        /// The address.
        url: Option<String>,
        /// `GET` or `POST`.
        method: Option<String>,
        /// The app; the default one when absent.
        client_id: Option<String>,
    },
    /// Adds a person, or replaces one of that name.
    Person(Box<Person>),
    /// Gives a person another e-mail address, or none.
    ChangeEmail {
        /// Whose.
        person: String,
        /// The new one.
        email: Option<String>,
        /// Whether the provider has verified it; without this it has.
        verified: Option<bool>,
        /// Whether it still belongs to this account; without this it does.
        valid: Option<bool>,
    },
    /// The person removes the app in the provider's own settings, and the app is notified.
    Unlink {
        /// Who.
        person: String,
        /// From which app; from all when absent.
        client_id: Option<String>,
    },
    /// The person deletes the account at the provider, and all apps are notified.
    Delete {
        /// Who.
        person: String,
    },
    /// All tokens of a person die, the connection stays, and apps are notified where the provider does that.
    Revoke {
        /// Whose.
        person: String,
        /// For which app; for all when absent.
        client_id: Option<String>,
    },
    /// Lets codes or tokens expire now.
    Expire {
        /// Which.
        tokens: Tokens,
        /// Whose; everybody's when absent.
        person: Option<String>,
    },
    /// Sends a notification by the provider's own name for it, and changes nothing.
    Notify {
        /// The name or event type.
        event: String,
        /// About whom.
        person: String,
        /// To which app; to all when absent.
        client_id: Option<String>,
    },
    /// Lets the next answers fail.
    Fail {
        /// How.
        how: FaultKind,
        /// At which path; `*` at the end stands for anything; all of the provider's paths when absent.
        path: Option<String>,
        /// With `how=error`: the provider's own code for it.
        code: Option<String>,
        /// With `how=stall`: for how many seconds; for ever when absent.
        seconds: Option<u32>,
        /// How often; once when absent.
        times: Option<u32>,
    },
    /// Nothing fails any more.
    Mend {},
    /// Moves the clock.
    Advance {
        /// By so many seconds.
        seconds: u32,
    },
    /// Changes something uncertain.
    Fact {
        /// Its name.
        name: String,
        /// Its new value.
        value: String,
    },
    /// Ends the browser sessions of a person, or of everybody.
    SignOut {
        /// Whose.
        person: Option<String>,
    },
}

/// Which tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tokens {
    /// Authorization codes.
    Codes,
    /// Access tokens.
    Access,
    /// Refresh tokens.
    Refresh,
    /// All of these.
    All,
}

/// How answers fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The provider's own error.
    Error,
    /// No answer.
    Stall,
    /// An answer that is not what it says.
    Garbage,
    /// An answer of 16 MiB.
    Huge,
    /// A redirect that nobody should follow.
    Redirect,
}

/// Why a command was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// It is none.
    #[error("not a command: {0}")]
    Malformed(String),
    /// There is nobody of that name.
    #[error("there is no such person; /control/state lists them")]
    NoSuchPerson,
    /// There is no app with that client id.
    #[error("there is no such app; /control/state lists them")]
    NoSuchApp,
    /// The person is not connected with the app.
    #[error("the person is not connected with the app: sign in first")]
    NotLinked,
    /// There is no fact of that name, or its values are of another kind.
    #[error("there is no such fact, or its values are of another kind; /control/state lists them")]
    NoSuchFact,
    /// The provider does not send such a notification.
    #[error("there is no such notification; /control/state lists them")]
    NoSuchNotice,
    /// What must be given is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
}

impl ControlError {
    /// In Korean and in English, for whoever pressed a button.
    const fn texts(&self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed(_) => (
                "알 수 없는 명령이에요. 제어판으로 돌아가 다시 입력해 주세요.",
                "This is no command. Go back to the control page and write it again.",
            ),
            Self::NoSuchPerson => (
                "그런 사람이 없어요. 누가 있는지는 제어판에 있어요.",
                "There is no such person. The control page lists them.",
            ),
            Self::NoSuchApp => (
                "그런 앱이 없어요. 등록된 앱은 제어판에 있어요.",
                "There is no such app. The control page lists them.",
            ),
            Self::NotLinked => (
                "이 사람은 앱과 연결되어 있지 않아요. 먼저 앱에서 로그인해 주세요.",
                "The person is not connected with the app. Sign in to the app first.",
            ),
            Self::NoSuchFact => (
                "그런 값이 없거나 다른 종류의 값이에요. 바꿀 수 있는 값은 제어판에 있어요.",
                "There is no such fact, or its values are of another kind. The control page lists them.",
            ),
            Self::NoSuchNotice => (
                "이 제공자는 그런 알림을 보내지 않아요. 알림의 종류는 제어판에 있어요.",
                "The provider does not send such a notification. The control page lists them.",
            ),
            Self::Missing(_) => (
                "빠진 것이 있어요. 제어판으로 돌아가 채워 주세요.",
                "Something is missing. Go back to the control page and fill it in.",
            ),
        }
    }

    fn page(&self, engine: &Engine, headers: &HeaderMap) -> Response {
        let (ko, en) = self.texts();
        let detail = match self {
            Self::Malformed(_) | Self::Missing(_) => vec![("error".to_owned(), self.to_string())],
            _ => Vec::new(),
        };
        let frame = Frame::new(engine, web::locale(engine, None, headers));
        Trouble { status: StatusCode::BAD_REQUEST, code: "400", ko, en, detail }.page(frame)
    }
}

impl Command {
    /// The person removes the app in the provider's settings.
    #[must_use]
    pub fn unlink(person: &str) -> Self {
        Self::Unlink { person: person.to_owned(), client_id: None }
    }

    /// The next answer at this path is the provider's error by this code.
    #[must_use]
    pub fn fail(path: &str, code: &str) -> Self {
        Self::Fail {
            how: FaultKind::Error,
            path: Some(path.to_owned()),
            code: Some(code.to_owned()).filter(|code| !code.is_empty()),
            seconds: None,
            times: None,
        }
    }

    fn parse(json: Value) -> Result<Self, ControlError> {
        serde_json::from_value(json).map_err(|error| ControlError::Malformed(error.to_string()))
    }

    /// Fields of a form: what is empty is absent, what is repeated is a list.
    fn parse_form(sent: &Params) -> Result<Self, ControlError> {
        let mut fields: Map<String, Value> = Map::new();
        for (name, value) in sent.iter().filter(|(_, value)| !value.is_empty()) {
            let value = match (name, value) {
                ("seconds" | "times" | "number", number) => {
                    number.parse::<u64>().map_or_else(|_| json!(number), Value::from)
                }
                ("value", text) => json!(text),
                (_, "true") => json!(true),
                (_, "false") => json!(false),
                (_, text) => json!(text),
            };
            match fields.get_mut(name) {
                None => {
                    fields.insert(name.to_owned(), value);
                }
                Some(Value::Array(list)) => list.push(value),
                Some(one) => *one = json!([one.take(), value]),
            }
        }
        Self::parse(Value::Object(fields))
    }
}

/// `POST /control`.
pub(crate) async fn command(State(engine): State<Engine>, headers: HeaderMap, body: Bytes) -> Response {
    let of = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let command = if of(header::CONTENT_TYPE).starts_with("application/json") {
        serde_json::from_slice(&body)
            .map_err(|error| ControlError::Malformed(error.to_string()))
            .and_then(Command::parse)
    } else {
        Params::parse(&body, Limits::REQUEST)
            .map_err(|error| ControlError::Malformed(error.to_string()))
            .and_then(|sent| Command::parse_form(&sent))
    };
    let outcome = match command {
        Ok(command) => carry_out::carry_out(&engine, command).await,
        Err(error) => Err(error),
    };
    // A person at the page sees the page again; a program wants to know.
    if of(header::ACCEPT).contains("text/html") {
        return match outcome {
            Ok(_) => {
                let mut response = moved("/control");
                *response.status_mut() = StatusCode::SEE_OTHER;
                response
            }
            Err(error) => error.page(&engine, &headers),
        };
    }
    match outcome {
        Ok(done) => json(200, &done),
        Err(error) => json(400, &json!({ "error": error.to_string() })),
    }
}

/// `GET /control/state`.
pub(crate) async fn state(State(engine): State<Engine>) -> Response {
    let now = engine.now();
    json(
        200,
        &engine.with(|world| {
            let links: Vec<Value> = world
                .links
                .iter()
                .map(|((client_id, person), link)| {
                    json!({ "client_id": client_id, "person": person, "link": link })
                })
                .collect();
            let facts: Vec<Value> = world
                .facts
                .all()
                .map(|(fact, value)| {
                    json!({ "name": fact.name, "value": value, "certainty": fact.certainty.as_str(), "about": fact.about })
                })
                .collect();
            let (codes, access, refresh) = world.counts();
            json!({
                "simulation": true,
                "provider": engine.provider(),
                "base_url": engine.base(),
                "issuer": engine.issuer(),
                "now": now,
                "apps": world.apps.values().collect::<Vec<_>>(),
                "people": world.people.values().collect::<Vec<_>>(),
                "links": links,
                "tokens": { "codes": codes, "access": access, "refresh": refresh },
                "webhooks": engine.rules().webhooks(),
                "facts": facts,
                "faults": world.faults,
                "notices": world.outbox,
            })
        }),
    )
}

/// Carries out a command of this process.
pub(crate) async fn carry_out(engine: &Engine, command: Command) -> Result<Done, ControlError> {
    carry_out::carry_out(engine, command).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Result<Command, ControlError> {
        Command::parse_form(&Params::parse(text.as_bytes(), Limits::REQUEST).unwrap())
    }

    #[test]
    fn a_form_says_the_same_as_json() {
        assert_eq!(form("do=unlink&person=ryan&client_id=").unwrap(), Command::unlink("ryan"));
        assert_eq!(form("do=fail&how=error&path=/t&code=K&times=").unwrap(), Command::fail("/t", "K"));
        assert_eq!(form("do=advance&seconds=60").unwrap(), Command::Advance { seconds: 60 });
        assert_eq!(
            form("do=fact&name=n&value=600").unwrap(),
            Command::Fact { name: "n".into(), value: "600".into() }
        );
        let Command::App(app) = form("do=app&client_id=a&oidc=true&redirect_uris=x&redirect_uris=y").unwrap()
        else {
            panic!("an app")
        };
        assert_eq!((app.redirect_uris, app.oidc), (vec!["x".to_owned(), "y".to_owned()], true));
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for text in ["", "do=", "do=explode", "do=unlink", "do=advance&seconds=soon", "do=mend&person=ryan"] {
            assert!(matches!(form(text), Err(ControlError::Malformed(_))), "{text}");
        }
    }
}
