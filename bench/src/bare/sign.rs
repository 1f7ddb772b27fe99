//! Token answers: the claims of a sample with new times and a new id, signed with ES256 — RFC 7515 §5.1.

use anyhow::{Context as _, anyhow};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::Sample;
use crate::jws::{Key, now};

/// Seconds until an access token or ID token ends.
const LIFE: u64 = 300;

/// Signs tokens.
pub(super) struct Signer {
    key: Key,
}

/// A JSON object with gaps for what is new in each copy.
#[derive(Debug, PartialEq, Eq)]
struct Gaps {
    /// What stands before each gap, and which gap it is.
    pieces: Vec<(String, usize)>,
    end: String,
}

/// A JWT of which only the times and the id are new in each copy.
#[derive(Debug)]
struct Token {
    header: String,
    claims: Gaps,
}

/// The answer of a token endpoint with new tokens in it.
#[derive(Debug)]
pub(super) struct TokenAnswer {
    access_token: Token,
    id_token: Option<Token>,
    body: Gaps,
}

impl Signer {
    /// A new key.
    ///
    /// # Errors
    /// When there is no randomness.
    pub(super) fn generate() -> anyhow::Result<Self> {
        Ok(Self { key: Key::generate()?.0 })
    }

    /// The token in compact form.
    fn sign(&self, token: &Token) -> anyhow::Result<String> {
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| anyhow!("no randomness"))?;
        let now = now()?;
        let claims =
            token.claims.fill(&[&URL_SAFE_NO_PAD.encode(id), &now.to_string(), &(now + LIFE).to_string()]);
        let mut text = String::with_capacity(token.header.len() + claims.len() * 4 / 3 + 96);
        text.push_str(&token.header);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut text);
        self.key.sign(&mut text)?;
        Ok(text)
    }
}

impl TokenAnswer {
    /// Answers like this one.
    ///
    /// # Errors
    /// When it is not the answer of a token endpoint.
    pub(super) fn like(sample: &Sample) -> anyhow::Result<Self> {
        let body: Map<String, Value> = serde_json::from_slice(&sample.body)?;
        let token = |name: &str| body.get(name).and_then(Value::as_str).map(Token::like).transpose();
        Ok(Self {
            access_token: token("access_token")?.context("no access token")?,
            id_token: token("id_token")?,
            body: Gaps::in_object(&body, &["access_token", "id_token"]),
        })
    }

    /// Such an answer with new tokens.
    ///
    /// # Errors
    /// When signing fails.
    pub(super) fn fill(&self, signer: &Signer) -> anyhow::Result<String> {
        let access_token = signer.sign(&self.access_token)?;
        let id_token = self.id_token.as_ref().map(|token| signer.sign(token)).transpose()?;
        Ok(self.body.fill(&[&access_token, id_token.as_deref().unwrap_or_default()]))
    }
}

impl Token {
    fn like(compact: &str) -> anyhow::Result<Self> {
        let (header, rest) = compact.split_once('.').context("not a JWT")?;
        let (claims, _) = rest.split_once('.').context("not a JWT")?;
        let claims: Map<String, Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
        Ok(Self { header: header.to_owned(), claims: Gaps::in_object(&claims, &["jti", "iat", "exp"]) })
    }
}

impl Gaps {
    /// An object with gaps for the values of these names.
    fn in_object(object: &Map<String, Value>, names: &[&str]) -> Self {
        let (mut pieces, mut text) = (Vec::new(), String::from("{"));
        for (at, (name, value)) in object.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            text.push_str(&format!("\"{name}\":"));
            match names.iter().position(|gap| gap == name) {
                None => text.push_str(&value.to_string()),
                Some(gap) => {
                    let quote = if value.is_string() { "\"" } else { "" };
                    text.push_str(quote);
                    pieces.push((std::mem::replace(&mut text, quote.to_owned()), gap));
                }
            }
        }
        text.push('}');
        Self { pieces, end: text }
    }

    fn fill(&self, values: &[&str]) -> String {
        let value = |gap: usize| values.get(gap).copied().unwrap_or_default();
        let length: usize = self.pieces.iter().map(|(before, gap)| before.len() + value(*gap).len()).sum();
        let mut text = String::with_capacity(length + self.end.len());
        for (before, gap) in &self.pieces {
            text.push_str(before);
            text.push_str(value(*gap));
        }
        text.push_str(&self.end);
        text
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, StatusCode};
    use serde_json::json;

    use super::{super::verify::tests::verifier_for, *};

    #[test]
    fn gaps_are_filled_with_texts_and_numbers() {
        let Value::Object(object) = json!({ "a": "x", "jti": "old", "iat": 1, "z": [1, "y"] }) else {
            panic!()
        };
        let gaps = Gaps::in_object(&object, &["jti", "iat"]);
        let filled: Value = serde_json::from_str(&gaps.fill(&["new", "2"])).unwrap();
        assert_eq!(filled, json!({ "a": "x", "jti": "new", "iat": 2, "z": [1, "y"] }));
    }

    #[test]
    fn an_answer_has_new_tokens_that_verify() {
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = encode(json!({ "alg": "ES256", "kid": "k" }));
        let claims = encode(json!({ "iss": "i", "exp": 1, "iat": 1, "jti": "j" }));
        let token = format!("{header}.{claims}.c2ln");
        let body = json!({ "access_token": token, "id_token": token, "expires_in": 300 }).to_string().into();
        let sample = Sample { status: StatusCode::OK, headers: HeaderMap::new(), body };
        let signer = Signer::generate().unwrap();
        let answer: Value =
            serde_json::from_str(&TokenAnswer::like(&sample).unwrap().fill(&signer).unwrap()).unwrap();
        assert_eq!(answer["expires_in"], 300);
        let verifier = verifier_for(&signer.key, "k");
        let (access, id) = (answer["access_token"].as_str().unwrap(), answer["id_token"].as_str().unwrap());
        assert!(verifier.verify(access) && verifier.verify(id));
        assert_ne!(access, id);
        assert!(!verifier.verify(&access.replace('.', "..")));
        assert!(!verifier.verify(&format!("{header}.{claims}.{}", access.rsplit('.').next().unwrap())));
    }
}
