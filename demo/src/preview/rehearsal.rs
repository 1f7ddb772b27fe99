//! A rehearsal of the diagram: the messages of a login, of two visits, of two experiments and of a social login, as the
//! real parties would send them, through the same taps.

use axum::body::Body;
use http::Request;
use mapae_client::observe::{Exchange, Observer as _, Outcome, Purpose, mask};
use mapae_protocol::params;
use serde_json::{Value, json};

use super::{
    play::{Said, cookie, html, json_type, play, with_challenge},
    social,
};
use crate::flow::{
    BackChannel, Endpoint, Lifeline, SERVICE_AGENT, Stage,
    message::{Draft, Kind, Note},
};

pub(super) const SERVICE: &str = "localhost:3000";
const SERVER: &str = "localhost:9000";
const API: &str = "localhost:4000";

/// The secrets of the rehearsal. They look like the real ones, and open nothing.
pub const SECRETS: &[&str] = &[
    CODE,
    ACCESS,
    REFRESH,
    ID_TOKEN,
    NEXT_ACCESS,
    NEXT_REFRESH,
    PASSWORD,
    SERVER_SESSION,
    SESSION,
    STEP,
    NONCE,
    VERIFIER,
    social::CODE,
    social::ACCESS,
    social::PASSWORD,
    social::ADMIN_KEY,
];

const CODE: &str = "c0de-SplxlOBeZQQYbYS6WxSbIA";
const ACCESS: &str = "at1-eyJhbGciOiJFUzI1NiJ9.eyJzdWIi";
const REFRESH: &str = "rt1-8xLOxBtZp8kY2mN4vQw7";
const ID_TOKEN: &str = "idt-eyJraWQiOiIxIn0";
const NEXT_ACCESS: &str = "at2-eyJhbGciOiJFUzI1NiJ9.eyJqdGki";
const NEXT_REFRESH: &str = "rt2-Zp8kY2mN4vQw78xLOxBt";
const PASSWORD: &str = "correct horse battery staple";
const SERVER_SESSION: &str = "ses-3fK9cR2mB7xQpW5tYhN8";
const SESSION: &str = "app-V7xQpW5tYhN83fK9cR2mB";
const STEP: &str = "step-9cR2mB7xQpW5tYhN83fK";
const NONCE: &str = "nonce-5tYhN83fK9cR2mB7xQpW";
const VERIFIER: &str = "verifier-dBjftJeZ4CVP-mB92K27uhbUJU1p1r";
const STATE: &str = "xyzABC123-state-of-this-browser";

/// Plays the whole rehearsal on `stage`.
pub async fn rehearse(stage: &Stage) {
    login(stage).await;
    visit(stage, false).await;
    visit(stage, true).await;
    forged(stage).await;
    replayed(stage).await;
    social::rehearse(stage).await;
}

async fn login(stage: &Stage) {
    visit_nobody(stage).await;
    let authorize = format!("http://{SERVER}/authorize?{}", authorization_request());
    let to_server =
        Said(303, vec![("location", authorize.clone()), cookie("my-service-3000-login-a1", STATE)], None);
    play(stage, Lifeline::Client, get(SERVICE, "/login?return_to=/&ui_locales=ko"), to_server, async {
        metadata(stage);
    })
    .await;
    let to_sign_in = Said(303, vec![("location", format!("/sign-in?step={STEP}"))], None);
    let path = authorize.trim_start_matches("http://localhost:9000").to_owned();
    play(stage, Lifeline::AuthorizationServer, get(SERVER, &path), to_sign_in, async {}).await;
    let page = Said(200, html(), None);
    play(stage, Lifeline::AuthorizationServer, get(SERVER, &format!("/sign-in?step={STEP}")), page, async {})
        .await;
    let form = params::encode([("step", STEP), ("email", "minji@example.com"), ("password", PASSWORD)]);
    let signed_in =
        vec![("location", format!("/consent?step={STEP}")), cookie("mapae_session_9000", SERVER_SESSION)];
    play(
        stage,
        Lifeline::AuthorizationServer,
        post(SERVER, "/sign-in", form),
        Said(303, signed_in, None),
        async {},
    )
    .await;
    let page = Said(200, html(), None);
    play(stage, Lifeline::AuthorizationServer, get(SERVER, &format!("/consent?step={STEP}")), page, async {})
        .await;
    let form = params::encode([
        ("step", STEP),
        ("item", "calendar.write"),
        ("item", "email"),
        ("decision", "approve"),
    ]);
    let query = params::encode([("code", CODE), ("state", STATE), ("iss", "http://localhost:9000")]);
    let back = format!("http://{SERVICE}/callback?{query}");
    let sent = Said(303, vec![("location", back)], None);
    play(stage, Lifeline::AuthorizationServer, post(SERVER, "/consent", form), sent, async {}).await;
    let arrived =
        Said(303, vec![("location", "/".to_owned()), cookie("my-service-3000-session", SESSION)], None);
    play(stage, Lifeline::Client, get(SERVICE, &format!("/callback?{query}")), arrived, async {
        redemption(stage);
    })
    .await;
}

fn authorization_request() -> String {
    params::encode([
        ("response_type", "code"),
        ("client_id", "app_8kYmN4vQ"),
        ("redirect_uri", "http://localhost:3000/callback"),
        ("scope", "calendar.read calendar.write email openid profile"),
        ("state", STATE),
        ("nonce", NONCE),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        ("resource", "http://localhost:4000"),
    ])
}

async fn visit_nobody(stage: &Stage) {
    play(stage, Lifeline::Client, get(SERVICE, "/"), Said(200, html(), None), async {}).await;
}

async fn visit(stage: &Stage, refresh: bool) {
    let page = Said(200, html(), None);
    let token = if refresh { NEXT_ACCESS } else { ACCESS };
    play(stage, Lifeline::Client, get(SERVICE, "/"), page, async {
        if refresh {
            refreshed(stage);
        }
        let found =
            json!({"events": [{"id": "e1", "title": "점심 약속", "date": "2026-11-23", "time": "12:30"}]});
        let answer = Said(200, json_type(), Some(found));
        play(stage, Lifeline::ResourceServer, call("/events?month=2026-11", token), answer, async {}).await;
    })
    .await;
}

async fn forged(stage: &Stage) {
    let _story = stage.journal().experiment();
    note(
        stage,
        ("위조한 액세스 토큰", "Forged access token"),
        (
            "서명 한가운데의 글자 하나를 바꿔 보내요.",
            "One character in the middle of the signature is changed.",
        ),
    );
    let challenge = "Bearer error=\"invalid_token\", error_description=\"the signature is not valid\", \
                     resource_metadata=\"http://localhost:4000/.well-known/oauth-protected-resource\"";
    let refused = Said(401, with_challenge(challenge), Some(json!({"error": "invalid_token"})));
    let forged = NEXT_ACCESS.replace("jdGki", "jdGkj");
    play(stage, Lifeline::ResourceServer, call("/events", &forged), refused, async {}).await;
    refreshed(stage);
    let answer = Said(200, json_type(), Some(json!({"events": []})));
    play(stage, Lifeline::ResourceServer, call("/events", ACCESS), answer, async {}).await;
    note(
        stage,
        ("결과", "Outcome"),
        (
            "API가 공개 키로 서명을 확인하고 401로 거절했어요. 인가 서버의 개인 키 없이는 한 글자도 바꿀 수 없어요.",
            "The API checked the signature with the public key and refused with 401.",
        ),
    );
}

async fn replayed(stage: &Stage) {
    let _story = stage.journal().experiment();
    note(
        stage,
        ("코드를 두 번 쓰기", "Use the code twice"),
        (
            "이미 토큰으로 바꾼 코드를, 모든 증명과 함께 한 번 더 내밀어요.",
            "The code that was redeemed already is presented once more, with every proof.",
        ),
    );
    let refusal = json!({"error": "invalid_grant", "error_description": "the code is not valid, or not valid any more"});
    told(stage, Purpose::Redemption, redemption_form(), 400, refusal);
    feed(stage).await;
    let challenge = "Bearer error=\"invalid_token\", error_description=\"the access token was withdrawn\"";
    let refused = Said(401, with_challenge(challenge), Some(json!({"error": "invalid_token"})));
    play(stage, Lifeline::ResourceServer, call("/events", ACCESS), refused, async {}).await;
    let refusal = json!({"error": "invalid_grant"});
    told(
        stage,
        Purpose::Refresh,
        vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", mask(REFRESH))],
        400,
        refusal,
    );
    note(
        stage,
        ("결과", "Outcome"),
        (
            "두 번째는 거절됐고, 처음에 받은 토큰까지 모두 죽었어요. 코드가 샜을지도 모르니까요.",
            "The second use was refused, and everything that the first one gave is dead: the code may have leaked.",
        ),
    );
}

async fn feed(stage: &Stage) {
    let ask = Request::post("/revocations")
        .header("host", SERVER)
        .header("user-agent", "mapae-resource/0.1.0")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-length", "21")
        .body(Body::from("wait=20&after=cursor1"));
    let news =
        json!({"events": [{"handle": "h4Nd1e-of-the-grant", "at": 1_800_000_000}], "cursor": "cursor2"});
    if let Ok(ask) = ask {
        play(stage, Lifeline::AuthorizationServer, ask, Said(200, json_type(), Some(news)), async {}).await;
    }
}

fn metadata(stage: &Stage) {
    let document = json!({
        "issuer": "http://localhost:9000",
        "authorization_endpoint": "http://localhost:9000/authorize",
        "token_endpoint": "http://localhost:9000/token",
        "jwks_uri": "http://localhost:9000/jwks",
    });
    told(stage, Purpose::Discovery, Vec::new(), 200, document);
}

fn redemption(stage: &Stage) {
    told(stage, Purpose::Redemption, redemption_form(), 200, tokens(ACCESS, REFRESH, true));
    told(
        stage,
        Purpose::Keys,
        Vec::new(),
        200,
        json!({"keys": [{"kty": "EC", "kid": "k1", "alg": "ES256"}]}),
    );
    let profile =
        json!({"sub": "pw_7Qm2kV9x", "name": "김민지", "email": "minji@example.com", "email_verified": true});
    told(stage, Purpose::UserInfo, Vec::new(), 200, profile);
}

fn refreshed(stage: &Stage) {
    let form = vec![
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", mask(REFRESH)),
        ("resource", "http://localhost:4000".to_owned()),
    ];
    told(stage, Purpose::Refresh, form, 200, tokens(NEXT_ACCESS, NEXT_REFRESH, false));
}

fn redemption_form() -> Vec<(&'static str, String)> {
    vec![
        ("grant_type", "authorization_code".to_owned()),
        ("code", mask(CODE)),
        ("redirect_uri", "http://localhost:3000/callback".to_owned()),
        ("code_verifier", mask(VERIFIER)),
        ("resource", "http://localhost:4000".to_owned()),
    ]
}

fn tokens(access: &str, refresh: &str, id_token: bool) -> Value {
    let mut tokens = json!({
        "access_token": mask(access), "token_type": "Bearer", "expires_in": 60, "refresh_token": mask(refresh),
        "scope": "calendar.read calendar.write email openid profile",
    });
    if let Some(tokens) = tokens.as_object_mut().filter(|_| id_token) {
        tokens.insert("id_token".to_owned(), mask(ID_TOKEN).into());
    }
    tokens
}

/// What the client tells of its back channel; masked, as it does.
fn told(stage: &Stage, purpose: Purpose, parameters: Vec<(&str, String)>, status: u16, body: Value) {
    let (method, path, credential) = match purpose {
        Purpose::Discovery => ("GET", "/.well-known/openid-configuration", None),
        Purpose::Keys => ("GET", "/jwks", None),
        Purpose::PushedRequest => ("POST", "/par", Some("Basic ***".to_owned())),
        Purpose::Redemption | Purpose::Refresh => ("POST", "/token", Some("Basic ***".to_owned())),
        Purpose::UserInfo => ("GET", "/userinfo", Some(format!("Bearer {}", mask(ACCESS)))),
        Purpose::Unlink => ("POST", "/revoke", Some("Basic ***".to_owned())),
    };
    let headers = credential.map(|credential| ("authorization".to_owned(), credential));
    BackChannel::new(stage).exchanged(&Exchange {
        purpose,
        method: method.to_owned(),
        url: format!("http://{SERVER}{path}"),
        headers: headers.into_iter().collect(),
        parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        outcome: Outcome::Answered {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body,
        },
        milliseconds: 4,
    });
}

pub(super) fn get(host: &str, target: &str) -> Request<Body> {
    let request = Request::get(target).header("host", host).header("user-agent", "Mozilla/5.0");
    request
        .header("cookie", format!("my-service-3000-session={SESSION}"))
        .body(Body::empty())
        .unwrap_or_default()
}

pub(super) fn post(host: &str, target: &str, form: String) -> Request<Body> {
    let request = Request::post(target)
        .header("host", host)
        .header("user-agent", "Mozilla/5.0")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-length", form.len());
    request.body(Body::from(form)).unwrap_or_default()
}

fn call(target: &str, token: &str) -> Request<Body> {
    let request = Request::get(target).header("host", API).header("user-agent", SERVICE_AGENT);
    request.header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap_or_default()
}

fn note(stage: &Stage, title: (&str, &str), sentence: (&str, &str)) {
    let mut draft =
        Draft::new(Kind::Event, Endpoint::Experiment, Lifeline::Browser, Lifeline::ResourceServer);
    draft.note = Some(Note {
        title_ko: title.0.to_owned(),
        title_en: title.1.to_owned(),
        sentence_ko: sentence.0.to_owned(),
        sentence_en: sentence.1.to_owned(),
    });
    stage.journal().record(draft);
}
