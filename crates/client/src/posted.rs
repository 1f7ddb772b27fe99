//! An answer that the provider's page posts — OAuth 2.0 Form Post Response Mode §2.
//!
//! The post comes from another site, so the browser sends none of our cookies along (`SameSite=Lax`), and nothing can be
//! judged yet. What it brings is kept in a cookie for a moment, sealed, and the browser is sent to the same address once
//! more: a navigation, which has all cookies. The code is in no address, and nothing is stored here.

use mapae_protocol::{
    authorization::signed_response::RESPONSE,
    params::{self, Limits, Params},
    strict_json,
    time::Seconds,
};
use serde_json::{Value, json};

/// How long the browser may take for the step from one request to the next.
pub(crate) const LIFE: Seconds = Seconds::minutes(1);

/// What fits into a cookie when it is sealed and encoded: browsers keep 4096 bytes.
const LONGEST: usize = 2_600;

/// What is read of a post.
const POST: Limits = Limits { bytes: 16 * 1_024, fields: 20 };

/// What an answer is made of; nothing else is carried.
const CARRIED: &[&str] = &["code", "state", "iss", "error", "error_description", RESPONSE];

/// What the provider says of the person at the first login only.
const USER: &str = "user";

/// The longest part of a name that is taken from a browser, in characters.
const LONGEST_NAME: usize = 100;

/// The parameters of a post that are carried to the next request. Repeated ones stay so, and are refused there.
pub(crate) fn carried(body: &[u8]) -> Option<String> {
    let sent = Params::parse(body, POST).ok()?;
    let only = |names: &[&str]| params::encode(sent.iter().filter(|(name, _)| names.contains(name)));
    let (answer, user) = (only(CARRIED), only(&[USER]));
    if answer.len() > LONGEST {
        return None;
    }
    // A name is not worth a login.
    let both = format!("{answer}&{user}");
    Some(if user.is_empty() || both.len() > LONGEST { answer } else { both })
}

/// What the browser says that the person is called: for display, and of no other use (RP-15). The address beside it is
/// not read, because the ID token has it, signed.
pub(crate) fn brought(params: &Params) -> Option<Value> {
    let user = params.one(USER).ok().flatten()?;
    let user: Value = strict_json::parse(user.as_bytes(), LONGEST).ok()?;
    let part = |pointer: &str| {
        let text = user.pointer(pointer)?.as_str()?.trim();
        let plain = text.chars().count() <= LONGEST_NAME && !text.chars().any(char::is_control);
        plain.then(|| text.to_owned())
    };
    let (first, last) = (part("/name/firstName"), part("/name/lastName"));
    (first.is_some() || last.is_some()).then(|| json!({ "given_name": first, "family_name": last }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Value> {
        brought(&Params::parse(body.as_bytes(), POST).unwrap())
    }

    #[test]
    fn only_the_answer_is_carried() {
        let user = params::encode([("user", r#"{"name":{"firstName":"하루","lastName":"윤"}}"#)]);
        let body = format!("state=s&code=c&id_token=x&scope=y&{user}");
        assert_eq!(carried(body.as_bytes()).unwrap(), format!("state=s&code=c&{user}"));
        assert_eq!(carried(b"state=s&state=t&code=c").unwrap(), "state=s&state=t&code=c");
        assert_eq!(carried(b"response=e.y.J&x=y&response=z").unwrap(), "response=e.y.J&response=z");
        assert_eq!(carried(b"").unwrap(), "");
        let long = "x".repeat(3_000);
        assert_eq!(
            carried(format!("code=c&user={long}").as_bytes()).unwrap(),
            "code=c",
            "a name is left out"
        );
        assert_eq!(carried(format!("code={long}").as_bytes()), None);
        assert_eq!(carried("a=1&".repeat(21).as_bytes()), None);
        assert_eq!(carried(b"code=%ff"), None);
    }

    #[test]
    fn rp_15_of_what_a_browser_says_only_a_name_is_heard() {
        let said = |user: &str| read(&params::encode([("user", user)]));
        let whole =
            r#"{"name":{"firstName":" Haru ","lastName":"Yoon"},"email":"ceo@corp.example","sub":"x"}"#;
        assert_eq!(said(whole), Some(json!({"given_name": "Haru", "family_name": "Yoon"})));
        let half = r#"{"name":{"lastName":"윤"}}"#;
        assert_eq!(said(half), Some(json!({"given_name": null, "family_name": "윤"})));
        for nothing in [
            "",
            "{",
            "[]",
            "null",
            r#"{"email":"ceo@corp.example"}"#,
            r#"{"name":{"firstName":1,"lastName":["x"]}}"#,
            r#"{"name":{"firstName":"a\nb"}}"#,
            r#"{"name":{"firstName":"a"},"name":{"firstName":"b"}}"#,
            &format!(r#"{{"name":{{"firstName":"{}"}}}}"#, "x".repeat(101)),
        ] {
            assert_eq!(said(nothing), None, "{nothing}");
        }
        assert_eq!(read("user=%7B%7D&user=%7B%7D"), None, "repeated");
    }
}
