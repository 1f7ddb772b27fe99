//! What a service reads that people sign in to: callbacks, answers of providers and their notices, definitions.

use std::{
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use http::{HeaderMap, HeaderValue, Uri, header::AUTHORIZATION};
use mapae_client::{
    Answers, CallbackResponse, ClientRegistration, Definition, Field, Notice, NoticeError, PendingLogin,
    Problem, ProblemKind, ProvedNotice, Provider, ProviderSettings, ReturnTo, Term, Tokens, fuzzing,
};
use mapae_protocol::{
    base64url,
    digest::HmacKey,
    issuer::Issuer,
    params::{self, Limits, Params},
    strict_json,
};
use serde_json::{Map, Value};

use crate::{
    property::{fixed, survives_json, text, two},
    signer::NOW,
};

const SECRET: &str = "secret";

/// What a browser brings back; a post is carried to the same address and says the same there.
pub(crate) fn callback(bytes: &[u8]) {
    let query = text(bytes);
    let direct = CallbackResponse::parse(query);
    if let Err(error) = &direct {
        fixed(error, query.unwrap_or_default());
    }
    if let Ok(carried) = CallbackResponse::query_of_post(bytes) {
        let carried = CallbackResponse::parse(Some(&carried));
        // What is no text stands in no address.
        if let (Some(_), Ok(direct), Ok(carried)) = (query, &direct, &carried) {
            assert_eq!(direct.state(), carried.state());
        }
    }
}

/// Where somebody goes after signing in is a path of this service, for every reader of addresses.
pub(crate) fn return_to(bytes: &[u8]) {
    let Some(asked) = text(bytes) else { return };
    match ReturnTo::parse(asked) {
        Ok(path) => {
            assert_eq!(path.as_str(), asked);
            survives_json(&path);
            assert!(asked.starts_with('/') && !asked.starts_with("//") && !asked.contains('\\'));
            assert!(asked.parse::<Uri>().map_or(true, |uri| uri.host().is_none()), "another host: {asked}");
        }
        Err(error) => fixed(&error, asked),
    }
    assert!(ReturnTo::or_start(Some(asked)).as_str().starts_with('/'));
}

/// What was kept for later: written as it was read.
pub(crate) fn kept(bytes: &[u8]) {
    if let Some(pending) = PendingLogin::from_bytes(bytes) {
        let again = PendingLogin::from_bytes(&pending.to_bytes());
        assert!(again.is_some_and(|again| again.to_bytes() == pending.to_bytes()));
    }
    if let Some(tokens) = Tokens::from_bytes(bytes) {
        let again = Tokens::from_bytes(&tokens.to_bytes());
        assert!(again.is_some_and(|again| again.to_bytes() == tokens.to_bytes()));
        let _ = (tokens.due(NOW), tokens.expired(NOW));
    }
    if let Some(written) = fuzzing::waiting(bytes) {
        assert_eq!(fuzzing::waiting(&written), Some(written));
    }
    let _ = text(bytes).and_then(fuzzing::moment);
}

/// The longest sign-up form that is read.
const LONGEST_FORM: usize = 16 * 1_024;

/// A sign-up form: only what was asked for, within its limits, and nobody agrees to another text than the one on the page.
pub(crate) fn sign_up_form(bytes: &[u8]) {
    let fields =
        [Field::required("nickname").max_chars(8), Field::optional("city"), Field::agreement("adult")];
    let asked = [Term::required("service", "2"), Term::optional("mail", "1")];
    match fuzzing::sign_up_form(fields.to_vec(), bytes) {
        Ok(read) => answered(&fields, read, bytes),
        Err(error) => fixed(&error, text(bytes).unwrap_or_default()),
    }
    match fuzzing::agreed_terms(&asked, bytes) {
        Ok((agreed, problems)) => {
            let sent = Params::parse(bytes, Limits::REQUEST).unwrap_or_default();
            for term in &asked {
                let agrees = term.is_among(&agreed);
                assert!(!agrees || sent.one(&term.field()) == Ok(Some(term.version())), "nobody ticked it");
                let missing = problems.iter().any(|problem| problem.field == term.field());
                assert_eq!(missing, term.is_required() && !agrees);
            }
            assert!(agreed.len() + problems.len() <= asked.len() && bytes.len() <= LONGEST_FORM);
        }
        Err(error) => fixed(&error, text(bytes).unwrap_or_default()),
    }
}

/// Answers are what was sent, without the blanks around it; a required one is there or missed; sent once more, they are the same.
fn answered(fields: &[Field], read: (Answers, Vec<Problem>), bytes: &[u8]) {
    let (answers, problems) = &read;
    let sent = Params::parse(bytes, Limits::REQUEST).unwrap_or_default();
    for field in fields {
        let answer = answers.text(field.name());
        let was_sent = |answer: &str| sent.all(field.name()).any(|sent| sent.trim() == answer);
        assert!(answer.is_none_or(|answer| !answer.is_empty() && was_sent(answer)), "nobody said that");
        let of_field = problems.iter().filter(|problem| problem.field == field.name());
        let found: Vec<ProblemKind> = of_field.map(|problem| problem.kind.clone()).collect();
        let too_long = answer.is_some_and(|answer| answer.chars().count() > field.limit());
        let expected = match answer {
            None if field.is_required() => vec![ProblemKind::Missing],
            Some(_) if too_long => vec![ProblemKind::TooLong],
            _ => Vec::new(),
        };
        assert_eq!(found, expected, "{}", field.name());
    }
    let declared = |name: &str| fields.iter().any(|field| field.name() == name);
    assert!(sent.iter().all(|(name, _)| declared(name) || answers.text(name).is_none()), "nobody asked");
    let names = fields.iter().map(Field::name);
    let written = params::encode(names.filter_map(|name| Some((name, answers.text(name)?))));
    let again = fuzzing::sign_up_form(fields.to_vec(), written.as_bytes());
    assert!(written.len() > LONGEST_FORM || again == Ok(read), "{written}");
}

/// A definition is one of its own, or refused.
pub(crate) fn definition(bytes: &[u8]) {
    let Some(text) = text(bytes) else { return };
    if let Ok(definition) = Definition::parse(text) {
        assert!(!definition.id().is_empty());
        let _ = fuzzing::known_errors(&definition, &Value::from("error"));
        let _ = definition.notices().count();
    }
}

/// Those that are compiled in.
static DEFINITIONS: LazyLock<Vec<Definition>> =
    LazyLock::new(|| Definition::ids().filter_map(|id| Definition::named(id).ok()).collect());

/// A profile is somebody, with a name that stores can keep; the rest is theirs to say.
pub(crate) fn profile(bytes: &[u8]) {
    let Ok(said) = strict_json::parse::<Value>(bytes, 64 * 1024) else { return };
    for definition in DEFINITIONS.iter() {
        if let Some((subject, claims, emails)) = fuzzing::profile(definition, said.clone()) {
            assert!(!subject.is_empty() && subject.len() <= 255 && !subject.chars().any(char::is_control));
            assert!(!claims.contains_key("sub"), "somebody else's name");
            let distinct: std::collections::BTreeSet<&String> = emails.iter().collect();
            assert_eq!(distinct.len(), emails.len(), "one address twice");
        }
        let _ = fuzzing::known_errors(definition, &said);
    }
}

/// Answers of token endpoints that are not quite the standard's: mended twice is mended once.
pub(crate) fn provider_token_answer(bytes: &[u8]) {
    for definition in DEFINITIONS.iter() {
        let (mended, error) = fuzzing::token_answer(definition, bytes);
        let (again, _) = fuzzing::token_answer(definition, &mended);
        assert_eq!(again, mended, "{}", definition.id());
        assert!(error.is_none_or(|error| error.get("error").is_some()));
    }
    if let Ok(issuer) = Issuer::parse("https://issuer.example") {
        let said: Value = serde_json::from_slice(bytes).unwrap_or_default();
        assert!(
            !fuzzing::metadata(bytes, &issuer) || said.get("issuer") == Some(&Value::from(issuer.as_str()))
        );
    }
}

/// Those whose notices are read.
static PROVIDERS: LazyLock<Vec<Provider>> = LazyLock::new(|| {
    let registration = ClientRegistration::new("client", "https://app.example/callback")
        .with_secret(SECRET)
        .with_credential("admin_key", "admin")
        .with_credential("app_id", "1234");
    let provider = |id: &&str| {
        let definition = Definition::named(id).ok()?;
        Provider::new(definition, registration.clone(), ProviderSettings::new(*id)).ok()
    };
    ["kakao", "naver", "facebook", "google", "apple"].iter().filter_map(provider).collect()
});

fn provider(id: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name() == id)
}

/// What a provider is proved to have said; what asks the network is not waited for.
fn prove(provider: &Provider, name: &str, notice: &Notice<'_>) -> Option<Result<ProvedNotice, NoticeError>> {
    let proof = pin!(provider.prove_notice(name, notice, NOW));
    match proof.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(proved) => Some(proved),
        Poll::Pending => None,
    }
}

/// Notices whose proof is in them: without it nothing is heard, with it whatever they say is read.
pub(crate) fn notices(bytes: &[u8]) {
    let headers = HeaderMap::new();
    let stranger = Notice { headers: &headers, query: None, body: bytes };
    for (id, name) in [("kakao", "unlink"), ("naver", "disconnect"), ("facebook", "deauthorize")] {
        let heard = provider(id).and_then(|provider| prove(provider, name, &stranger));
        assert!(heard.is_some_and(|heard| heard.is_err()), "a stranger is heard as {id}");
    }
    let key = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("KakaoAK admin"))]);
    let known = Notice { headers: &key, body: bytes, ..stranger };
    heard(provider("kakao").and_then(|provider| prove(provider, "unlink", &known)));
    let payload = base64url::encode(bytes);
    let signature = base64url::encode(HmacKey::new(SECRET.as_bytes()).sign(payload.as_bytes()));
    let body = params::encode([("signed_request", format!("{signature}.{payload}"))]);
    let known = Notice { body: body.as_bytes(), ..stranger };
    heard(provider("facebook").and_then(|provider| prove(provider, "data_deletion", &known)));
}

fn heard(proved: Option<Result<ProvedNotice, NoticeError>>) {
    if let Some(Ok(proved)) = proved {
        assert!(proved.events.len() <= 1, "one person's");
    }
}

/// What a provider tells in a signed token: only events that are known, and of people of that provider.
pub(crate) fn told_in_tokens(bytes: &[u8]) {
    let Ok(claims) = strict_json::parse_object::<Map<String, Value>>(bytes, 64 * 1024) else { return };
    for id in ["google", "apple"] {
        let Some(provider) = provider(id) else { continue };
        let names: Vec<String> = Definition::named(id)
            .map(|definition| definition.notices().map(str::to_owned).collect())
            .unwrap_or_default();
        for name in names {
            let told = fuzzing::told_in_token(provider, &name, claims.clone(), NOW).unwrap_or_default();
            let here = provider.issuer().as_str();
            assert!(
                told.iter().all(|event| event.person.issuer() == here && !event.person.subject().is_empty())
            );
        }
    }
}

/// The token in an address of an API, and the address without it.
pub(crate) fn query_token(bytes: &[u8]) {
    let (query, address) = two(bytes);
    let (Some(query), Ok(address)) = (text(query), Uri::try_from(address)) else { return };
    let (_, without) = mapae_resource::fuzzing::query_token(query, &address);
    if let Some(without) = without {
        assert_eq!((without.host(), without.path()), (address.host(), address.path()));
        let left = without.query().unwrap_or_default();
        let (tokens, _) = mapae_resource::fuzzing::query_token(left, &without);
        assert!(tokens.is_some_and(|tokens| tokens.is_empty()), "a token is left: {without}");
    }
}
