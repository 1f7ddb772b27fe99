//! What stands in for a secret where people can see it.

use mapae_protocol::digest::sha256;
use serde_json::{Map, Value};

use super::Purpose;

/// Form parameters that are shown as they are; every other one is masked.
const OPEN_PARAMETERS: &[&str] = &[
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "grant_type",
    "redirect_uri",
    "resource",
    "response_type",
    "scope",
    "token_type_hint",
];

/// Members of a token response that are shown as they are (RFC 6749 §5.1, §5.2); every other text is masked.
const OPEN_MEMBERS: &[&str] = &[
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "refresh_token_expires_in",
    "scope",
    "token_type",
];

/// Members that are masked wherever they turn up.
const SECRET_MEMBERS: &[&str] = &["access_token", "client_secret", "code", "id_token", "refresh_token"];

/// Shortest text that is looked for in answers: a shorter one would be found everywhere.
const SHORTEST_SECRET: usize = 8;

/// What stands in for `secret`: `***` and four digits, the same for the same secret, so that a reader can
/// follow a token from arrow to arrow without ever seeing it.
#[must_use]
pub fn mask(secret: &str) -> String {
    let [first, second, ..] = sha256(secret.as_bytes());
    format!("***{first:02x}{second:02x}")
}

/// Stands for a client's secret, without digits: people choose short ones, and two bytes of a hash say something of those.
const CLIENT_SECRET: &str = "***";

/// The name of a client's secret, in forms and in what echoes them.
const CLIENT_SECRET_NAME: &str = "client_secret";

/// A form parameter as it may be shown.
pub(crate) fn parameter(name: &str, value: &str) -> (String, String) {
    let shown = if OPEN_PARAMETERS.contains(&name) { value.to_owned() } else { masked_as(name, value) };
    (name.to_owned(), shown)
}

fn masked_as(name: &str, secret: &str) -> String {
    if name == CLIENT_SECRET_NAME { CLIENT_SECRET.to_owned() } else { mask(secret) }
}

/// The name of what proves at Facebook that an access token is in the hands of its app, in addresses.
const PROOF: &str = "appsecret_proof=";

/// An address as it may be shown.
pub(crate) fn address(url: &str) -> String {
    let Some((before, behind)) = url.split_once(PROOF) else { return url.to_owned() };
    let (proof, behind) = behind.split_at(behind.find('&').unwrap_or(behind.len()));
    format!("{before}{PROOF}{}{behind}", mask(proof))
}

/// A header with its credential masked; the scheme stays.
pub(crate) fn header(name: &str, scheme: &str, credential: &str) -> (String, String) {
    (name.to_owned(), format!("{scheme} {}", masked_credential(scheme, credential)))
}

fn masked_credential(scheme: &str, credential: &str) -> String {
    if scheme == "Basic" { CLIENT_SECRET.to_owned() } else { mask(credential) }
}

/// A secret of a request, and what stands in for it.
pub(crate) struct Hidden<'a> {
    secret: &'a str,
    shown: String,
}

impl<'a> Hidden<'a> {
    /// A form parameter, unless it is shown as it is.
    pub(crate) fn parameter(name: &str, value: &'a str) -> Option<Self> {
        let (_, shown) = parameter(name, value);
        (shown != value).then_some(Self { secret: value, shown })
    }

    /// The credential of an `Authorization` header.
    pub(crate) fn credential(scheme: &str, credential: &'a str) -> Self {
        Self { secret: credential, shown: masked_credential(scheme, credential) }
    }
}

/// An answer as it may be shown: its secret members masked, and whatever the request kept secret replaced
/// wherever the answer repeats it.
pub(crate) fn answer(purpose: Purpose, body: Value, sent: &[Hidden<'_>]) -> Value {
    let sent: Vec<&Hidden<'_>> =
        sent.iter().filter(|hidden| hidden.secret.len() >= SHORTEST_SECRET).collect();
    let tokens = matches!(purpose, Purpose::Redemption | Purpose::Refresh);
    conceal(body, tokens, &sent)
}

fn conceal(value: Value, tokens: bool, sent: &[&Hidden<'_>]) -> Value {
    match value {
        Value::String(text) => Value::String(without(&text, sent)),
        Value::Array(values) => values.into_iter().map(|value| conceal(value, tokens, sent)).collect(),
        Value::Object(members) => Value::Object(conceal_members(members, tokens, sent)),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
    }
}

fn conceal_members(members: Map<String, Value>, tokens: bool, sent: &[&Hidden<'_>]) -> Map<String, Value> {
    let conceal_member = |(name, value): (String, Value)| {
        let secret =
            SECRET_MEMBERS.contains(&name.as_str()) || (tokens && !OPEN_MEMBERS.contains(&name.as_str()));
        let shown = match value {
            Value::String(text) if secret => Value::String(masked_as(&name, &text)),
            Value::Array(_) | Value::Object(_) if secret => Value::String("***".to_owned()),
            other => conceal(other, tokens, sent),
        };
        (without(&name, sent), shown)
    };
    members.into_iter().map(conceal_member).collect()
}

fn without(text: &str, sent: &[&Hidden<'_>]) -> String {
    sent.iter().fold(text.to_owned(), |text, hidden| text.replace(hidden.secret, &hidden.shown))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent<'a>(code: &'a str, verifier: &'a str) -> [Hidden<'a>; 2] {
        [Hidden::parameter("code", code).unwrap(), Hidden::parameter("code_verifier", verifier).unwrap()]
    }

    #[test]
    fn rp_21_only_known_parameters_are_shown() {
        assert_eq!(parameter("grant_type", "refresh_token").1, "refresh_token");
        for secret in ["code", "code_verifier", "refresh_token", "whatever"] {
            assert_eq!(parameter(secret, "s3cret-value").1, mask("s3cret-value"));
        }
        assert_eq!(header("authorization", "Basic", "YTpi").1, "Basic ***");
        assert_eq!(header("authorization", "Bearer", "abc").1, format!("Bearer {}", mask("abc")));
        assert_eq!(mask("abc").len(), 7);
    }

    #[test]
    fn rp_21_a_proof_in_an_address_is_not_shown() {
        let plain = "https://graph.facebook.com/me?fields=id,name";
        assert_eq!(address(plain), plain);
        let proved = format!("{plain}&appsecret_proof=4374f6c1754b&x=y");
        let shown = address(&proved);
        assert!(!shown.contains("4374f6") && shown.starts_with(plain) && shown.ends_with("&x=y"), "{shown}");
        assert!(!address("https://a.example/?appsecret_proof=4374f6c1754b").contains("4374f6"));
    }

    #[test]
    fn rp_21_of_a_clients_secret_not_even_digits_are_shown() {
        assert_eq!(parameter("client_secret", "s3cret-value").1, "***");
        assert_eq!(header("authorization", "Basic", "s3cret-value").1, "Basic ***");
        let sent = [
            Hidden::parameter("client_secret", "s3cret-value").unwrap(),
            Hidden::credential("Basic", "basic-s3cret"),
        ];
        let body = json!({ "client_secret": "new-s3cret", "message": "not s3cret-value nor basic-s3cret" });
        let shown = answer(Purpose::UserInfo, body, &sent);
        assert_eq!(shown, json!({ "client_secret": "***", "message": "not *** nor ***" }));
        assert!(Hidden::parameter("scope", "openid").is_none());
    }

    #[test]
    fn rp_21_answers_lose_tokens_and_echoes() {
        let body = json!({
            "access_token": "at-1", "refresh_token": "rt-1", "id_token": "e.y.J", "strange": "unknown-secret",
            "nested": {"deep": ["x"]}, "expires_in": 60, "scope": "openid",
            "error_description": "the code code-code-1 is used",
        });
        let shown = answer(Purpose::Redemption, body, &sent("code-code-1", "x"));
        let text = shown.to_string();
        for secret in ["at-1", "rt-1", "e.y.J", "unknown-secret", "code-code-1", "deep"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert_eq!(shown["expires_in"], 60);
        assert_eq!(shown["scope"], "openid");
        assert!(text.contains("is used"));
    }

    #[test]
    fn rp_21_other_answers_are_open_but_for_echoes() {
        let body = json!({"sub": "42", "name": "김마패", "access_token": "at", "bearer-token-1": ["bearer-token-1"]});
        let shown = answer(Purpose::UserInfo, body, &sent("bearer-token-1", "x")).to_string();
        assert!(shown.contains("김마패") && !shown.contains("\"at\"") && !shown.contains("bearer-token-1"));
    }
}
