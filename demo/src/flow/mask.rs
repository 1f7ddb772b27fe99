//! What may be seen of a message. Everything that the diagram shows passes through here.
//!
//! A value is shown only if its name is on a list of harmless ones. A protocol secret becomes `***` and four
//! digits, the same for the same secret, so that a viewer can follow a code or a token from arrow to arrow
//! without ever seeing a character of it. Everything else becomes `•••`, which says nothing at all: above all
//! what a person types.

use mapae_client::observe::mask;
use mapae_protocol::{params, percent};
use serde::Serialize;
use serde_json::{Map, Value};

/// A text that may be seen. Only this module makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Shown(String);

/// In the place of what is nobody's business.
const HIDDEN: &str = "•••";

/// Shown as they are: they are public by design, or the demo's own.
const OPEN: &[&str] = &[
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "date",
    "day",
    "decision",
    "display",
    "do",
    "email",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "grant_type",
    "iss",
    "item",
    "lang",
    "login_hint",
    "max_age",
    "month",
    "prompt",
    "provider",
    "redirect_uri",
    "referrer_type",
    "resource",
    "response_mode",
    "response_type",
    "return_to",
    "scope",
    "state",
    "time",
    "title",
    "token_type",
    "token_type_hint",
    "ui_locales",
    "upstream",
    "wait",
];

/// Secrets that the protocol makes; long and random, so that four digits of a hash tell nothing.
const SECRETS: &[&str] = &[
    "access_token",
    "after",
    "client_assertion",
    "code",
    "code_verifier",
    "cursor",
    "handle",
    "id_token",
    "id_token_hint",
    "logout_token",
    "nonce",
    "refresh_token",
    "step",
    "token",
];

impl Shown {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands in for a secret.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.0 == HIDDEN || self.0.contains("***")
    }
}

/// A parameter of a query, a form or a JSON object.
#[must_use]
pub fn parameter(name: &str, value: &str) -> Shown {
    if name.to_ascii_lowercase().contains("password") {
        return Shown(HIDDEN.to_owned());
    }
    if OPEN.contains(&name) {
        // An address in an address may carry a secret of its own.
        return if value.contains(['?', '#']) { address(value) } else { Shown(limited(value)) };
    }
    Shown(if SECRETS.contains(&name) && !value.is_empty() { mask(value) } else { HIDDEN.to_owned() })
}

/// A parameter that the client's observer has masked already.
#[must_use]
pub fn observed(value: &str) -> Shown {
    Shown(limited(value))
}

/// A cookie: its name says what it is for, its value nobody needs.
#[must_use]
pub fn cookie(value: &str) -> Shown {
    Shown(if value.is_empty() { String::new() } else { mask(value) })
}

/// Fields of a query or form, most of them never even decoded: what is not shown is not read.
///
/// `None` if it is too long or malformed.
#[must_use]
pub fn fields(encoded: &str) -> Option<Vec<(String, Shown)>> {
    const MOST: usize = 100;
    let fields: Vec<&str> = encoded.split('&').filter(|field| !field.is_empty()).collect();
    if fields.len() > MOST {
        return None;
    }
    fields.into_iter().map(field).collect()
}

fn field(encoded: &str) -> Option<(String, Shown)> {
    let (name, value) = encoded.split_once('=').unwrap_or((encoded, ""));
    let name = percent::decode_form(name.as_bytes()).ok()?;
    let shown = if OPEN.contains(&name.as_str()) || SECRETS.contains(&name.as_str()) {
        parameter(&name, &percent::decode_form(value.as_bytes()).ok()?)
    } else {
        Shown(HIDDEN.to_owned())
    };
    Some((name, shown))
}

/// The fields of an address's query; what is behind a `#` belongs to nobody but the browser.
#[must_use]
pub fn query_of(address: &str) -> Vec<(String, Shown)> {
    let address = address.split('#').next().unwrap_or_default();
    address.split_once('?').and_then(|(_, query)| fields(query)).unwrap_or_default()
}

/// An address: its path, and its query with every value masked as a [`parameter`].
#[must_use]
pub fn address(address: &str) -> Shown {
    let (address, fragment) = match address.split_once('#') {
        Some((before, _)) => (before, "#•••"),
        None => (address, ""),
    };
    let Some((path, query)) = address.split_once('?') else { return Shown(format!("{address}{fragment}")) };
    let shown = fields(query).map_or_else(|| HIDDEN.to_owned(), |fields| pairs(&fields));
    Shown(format!("{path}?{shown}{fragment}"))
}

/// The value of an `Authorization` header: the scheme, and what stands in for the credential.
#[must_use]
pub fn authorization(value: &str) -> Shown {
    Shown(match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            format!("Bearer {}", mask(token.trim()))
        }
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("basic") => "Basic ***".to_owned(),
        _ => HIDDEN.to_owned(),
    })
}

/// A `Set-Cookie` header: the name and the attributes, which are worth seeing.
#[must_use]
pub fn set_cookie(value: &str) -> Shown {
    let (pair, attributes) = value.split_once(';').unwrap_or((value, ""));
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let attributes = if attributes.is_empty() { String::new() } else { format!(";{attributes}") };
    Shown(format!("{name}={}{attributes}", cookie(value).0))
}

/// The header of a cookie-carrying request.
#[must_use]
pub fn cookies(value: &str) -> Shown {
    let shown = value.split(';').map(|pair| {
        let pair = pair.trim();
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        format!("{name}={}", cookie(value).0)
    });
    Shown(shown.collect::<Vec<_>>().join("; "))
}

/// Headers that carry no secret by their nature.
const OPEN_HEADERS: &[&str] = &[
    "accept-language",
    "access-control-allow-origin",
    "access-control-request-method",
    "cache-control",
    "content-type",
    "origin",
    "retry-after",
    "sec-fetch-site",
    "user-agent",
    "www-authenticate",
];

/// A header by its name; `None` for those that the diagram leaves out.
#[must_use]
pub fn header(name: &str, value: &str) -> Option<Shown> {
    match name {
        "authorization" => Some(authorization(value)),
        "cookie" => Some(cookies(value)),
        "set-cookie" => Some(set_cookie(value)),
        "location" => Some(address(value)),
        _ => OPEN_HEADERS.contains(&name).then(|| Shown(limited(value))),
    }
}

/// Items of a JSON array that are shown.
const MOST_ITEMS: usize = 30;

/// A JSON answer or body, each member as a [`parameter`] if it is a secret, otherwise as it is.
#[must_use]
pub fn json(value: Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.into_iter().take(MOST_ITEMS).map(json).collect()),
        Value::Object(members) => Value::Object(members.into_iter().map(member).collect::<Map<_, _>>()),
        plain => plain,
    }
}

fn member((name, value): (String, Value)) -> (String, Value) {
    let lower = name.to_ascii_lowercase();
    let secret = SECRETS.contains(&lower.as_str()) || lower.contains("secret") || lower.contains("password");
    let shown = match value {
        Value::String(text) if secret => Value::String(parameter(&lower, &text).0),
        Value::Null => Value::Null,
        _ if secret => Value::String(HIDDEN.to_owned()),
        other => json(other),
    };
    (name, shown)
}

/// What stands in for secrets stays readable; the rest is encoded as it was.
fn pairs(fields: &[(String, Shown)]) -> String {
    let mut shown = String::new();
    for (name, value) in fields {
        if value.is_masked() {
            let separator = if shown.is_empty() { "" } else { "&" };
            let mut encoded = String::new();
            percent::encode_form(name, &mut encoded);
            shown.push_str(&format!("{separator}{encoded}={}", value.as_str()));
        } else {
            params::append(&mut shown, [(name, value.as_str())]);
        }
    }
    shown
}

/// No value makes the diagram unreadable by its length.
fn limited(value: &str) -> String {
    const MOST: usize = 400;
    if value.chars().count() <= MOST {
        value.to_owned()
    } else {
        value.chars().take(MOST).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json as value;

    use super::*;

    #[test]
    fn what_people_type_is_never_read() {
        for name in ["password", "new_password", "Password", "password2", "current-password"] {
            assert_eq!(parameter(name, "hunter2").as_str(), "•••");
        }
        for unknown in ["passwd", "pin", "answer", "", "client_secret"] {
            assert_eq!(parameter(unknown, "hunter2").as_str(), "•••", "{unknown}");
        }
    }

    #[test]
    fn the_same_secret_has_the_same_face_wherever_it_is() {
        let face = mask("SplxlOBeZQQYbYS6WxSbIA");
        assert_eq!(parameter("code", "SplxlOBeZQQYbYS6WxSbIA").as_str(), face);
        assert_eq!(
            address("http://localhost:3000/callback?code=SplxlOBeZQQYbYS6WxSbIA&state=a%20b").as_str(),
            format!("http://localhost:3000/callback?code={face}&state=a+b")
        );
        assert_eq!(authorization("Bearer SplxlOBeZQQYbYS6WxSbIA").as_str(), format!("Bearer {face}"));
        assert_eq!(address("/x#access_token=abc").as_str(), "/x#•••");
        assert_eq!(address("/x?state=s#code=abc").as_str(), "/x?state=s#•••");
        assert_eq!(query_of("/x?state=s#code=abc").len(), 1);
        assert_eq!(parameter("return_to", "/callback?password=abc").as_str(), "/callback?password=•••");
        assert_eq!(address("/x?scope=%zz").as_str(), "/x?•••");
        assert_eq!(address("/x?a=%zz").as_str(), "/x?a=•••", "what is not shown is not even decoded");
    }

    #[test]
    fn headers_lose_their_credentials() {
        assert_eq!(header("authorization", "Basic YTpi").unwrap().as_str(), "Basic ***");
        assert_eq!(header("authorization", "DPoP x").unwrap().as_str(), "•••");
        let set = header("set-cookie", "app-3000-session=abc; Path=/; HttpOnly").unwrap();
        assert_eq!(set.as_str(), format!("app-3000-session={}; Path=/; HttpOnly", mask("abc")));
        assert_eq!(header("cookie", "a=1; b=").unwrap().as_str(), format!("a={}; b=", mask("1")));
        assert_eq!(header("x-api-key", "s"), None);
    }

    #[test]
    fn answers_lose_their_secret_members() {
        let shown = json(value!({
            "access_token": "at-1", "nested": [{"refresh_token": "rt-1", "client_secret": ["cs"], "title": "회의"}],
            "token": null, "expires_in": 60,
        }));
        assert_eq!(shown["access_token"], mask("at-1"));
        assert_eq!(shown["nested"][0]["client_secret"], "•••");
        assert_eq!(shown["nested"][0]["title"], "회의");
        assert_eq!((&shown["token"], &shown["expires_in"]), (&Value::Null, &value!(60)));
    }

    proptest! {
        #[test]
        fn no_secret_survives(secret in "[A-Za-z0-9_-]{16,60}", open in "[a-z ]{0,20}", at in 0_usize..4) {
            let names = ["code", "password", "anything", "refresh_token"];
            let query = params::encode([(names[at], secret.as_str()), ("scope", open.as_str())]);
            let texts = [
                address(&format!("http://localhost:9000/x?{query}")).0,
                authorization(&format!("Bearer {secret}")).0,
                set_cookie(&format!("name={secret}; Path=/")).0,
                cookies(&format!("a={secret}; b={secret}")).0,
                json(value!({"access_token": secret, "deep": {"id_token": [secret]}})).to_string(),
            ];
            for text in texts {
                prop_assert!(!text.contains(&secret), "{}", text);
            }
        }
    }
}
