//! The rehearsal of a social login and of its end: Kakao, somebody new, "unlink" pressed there.

use http::{HeaderValue, header};
use mapae_client::observe::{Exchange, Observer as _, Outcome, Purpose, mask};
use mapae_protocol::params;
use serde_json::{Value, json};

use super::{
    play::{Said, Where, cookie, html, play},
    rehearsal::{SERVICE, get, post},
};
use crate::flow::{
    BackChannel, Endpoint, Lifeline, Stage,
    message::{Draft, Kind},
};

pub(super) const CODE: &str = "kakao-c0de-5tYhN83fK9cR2mB7xQpW";
pub(super) const ACCESS: &str = "kakao-at-Zp8kY2mN4vQw78xLOxBt";
pub(super) const PASSWORD: &str = "another horse battery staple";
pub(super) const ADMIN_KEY: &str = "kakao-admin-9cR2mB7xQpW5tYhN83fK";
const SESSION: &str = "app-83fK9cR2mB7xQpW5tYhN8";
const STATE: &str = "another-state-of-this-browser";
const KAKAO: &str = "localhost:9100";

/// Where the pages of the provider are asked for.
const AT_KAKAO: fn() -> Where = || Where::Provider("kakao");

/// Plays it on `stage`.
pub(super) async fn rehearse(stage: &Stage) {
    login(stage).await;
    sign_up(stage).await;
    unlink(stage).await;
}

async fn login(stage: &Stage) {
    let query = params::encode([
        ("response_type", "code"),
        ("client_id", "mapaekakaorestapikey000000000001"),
        ("redirect_uri", "http://localhost:3000/callback/kakao"),
        ("state", STATE),
    ]);
    let away = format!("http://{KAKAO}/oauth/authorize?{query}");
    let button = get(SERVICE, "/login?provider=kakao&return_to=/");
    play(stage, Lifeline::Client, button, moved(away), async {}).await;
    let page = get(KAKAO, &format!("/oauth/authorize?{query}"));
    play(stage, AT_KAKAO(), page, Said(200, html(), None), async {}).await;
    let typed = params::encode([("visit", "v1"), ("login", "ryan"), ("password", PASSWORD)]);
    let signed_in = post(KAKAO, "/simulator/sign-in", typed);
    play(stage, AT_KAKAO(), signed_in, Said(200, html(), None), async {}).await;
    let agreed = params::encode([("visit", "v1"), ("item", "account_email"), ("decision", "approve")]);
    let brought = params::encode([("code", CODE), ("state", STATE)]);
    let back = moved(format!("http://{SERVICE}/callback/kakao?{brought}"));
    play(stage, AT_KAKAO(), post(KAKAO, "/simulator/consent", agreed), back, async {}).await;
    let callback = get(SERVICE, &format!("/callback/kakao?{brought}"));
    let newcomer = moved("/sign-up".to_owned());
    play(stage, Lifeline::Client, callback, newcomer, async { back_channel(stage) }).await;
}

async fn sign_up(stage: &Stage) {
    play(stage, Lifeline::Client, get(SERVICE, "/sign-up"), Said(200, html(), None), async {}).await;
    let answers = params::encode([("nickname", "라이언"), ("terms", "on")]);
    let session = vec![("location", "/".to_owned()), cookie("my-service-3000-session", SESSION)];
    play(stage, Lifeline::Client, post(SERVICE, "/sign-up", answers), Said(303, session, None), async {})
        .await;
}

async fn unlink(stage: &Stage) {
    let pressed = post(KAKAO, "/control", params::encode([("do", "unlink"), ("person", "ryan")]));
    play(stage, AT_KAKAO(), pressed, moved("/control".to_owned()), async {
        let told = params::encode([("app_id", "1234"), ("user_id", "1376016924429759228")]);
        let mut notice = post(SERVICE, "/notices/kakao/unlink", told);
        if let Ok(key) = HeaderValue::from_str(&format!("KakaoAK {ADMIN_KEY}")) {
            notice.headers_mut().insert(header::AUTHORIZATION, key);
        }
        play(stage, Lifeline::Client, notice, Said(200, Vec::new(), None), async {}).await;
    })
    .await;
    play(stage, Lifeline::Client, get(SERVICE, "/"), Said(401, html(), None), async {}).await;
}

fn moved(to: String) -> Said<'static> {
    Said(303, vec![("location", to)], None)
}

fn back_channel(stage: &Stage) {
    let form = [("grant_type", "authorization_code".to_owned()), ("code", mask(CODE))];
    let tokens = json!({"access_token": mask(ACCESS), "token_type": "bearer", "expires_in": 21599});
    told(stage, Purpose::Redemption, "/oauth/token", (&form, tokens));
    let account =
        json!({"id": 1_376_016_924_429_759_228_u64, "kakao_account": {"profile": {"nickname": "라이언"}}});
    told(stage, Purpose::UserInfo, "/v2/user/me", (&[], account));
    let mut found = Draft::new(Kind::Event, Endpoint::OwnDatabase, Lifeline::Client, Lifeline::Client);
    found.outcome = Some("new".to_owned());
    stage.journal().record(found);
}

fn told(stage: &Stage, purpose: Purpose, path: &str, (form, body): (&[(&str, String)], Value)) {
    let post = purpose == Purpose::Redemption;
    let bearer = || ("authorization".to_owned(), format!("Bearer {}", mask(ACCESS)));
    BackChannel::to_provider(stage, "kakao").exchanged(&Exchange {
        purpose,
        method: if post { "POST" } else { "GET" }.to_owned(),
        url: format!("http://{KAKAO}{path}"),
        headers: if post { Vec::new() } else { vec![bearer()] },
        parameters: form.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        outcome: Outcome::Answered { status: 200, headers: Vec::new(), body },
        milliseconds: 3,
    });
}
