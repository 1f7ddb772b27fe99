//! An API wants a surer or a fresher sign-in than a token tells of, says which, and takes the token that comes of it — RFC 9470
//! §3, §4, §5.

use mapae::store::tokens;
use mapae_protocol::time::Seconds;
use mapae_testkit::{Answer, AppFixture, AppSpec, Authorization, Browser, Engine, TestServer, UserFixture};

use super::claims;
use crate::{
    parties::resource_server::Calendar,
    upstream::stage::{Stage, by_password},
};

/// What the API says of the sign-in that it wants.
fn challenge(refused: &Answer, name: &str) -> String {
    assert_eq!((refused.status.as_u16(), refused.error()), (401, "insufficient_user_authentication"));
    let said = refused.headers["www-authenticate"].to_str().unwrap();
    assert!(said.contains("error=\"insufficient_user_authentication\""), "{said}");
    let (_, value) = said.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name} in {said}"));
    value.split('"').next().unwrap().to_owned()
}

/// An app does what the API says: it sends the person back with both.
fn again(app: &AppFixture, refused: &Answer) -> Authorization {
    Authorization::of(app, "openid calendar.read")
        .with("acr_values", &challenge(refused, "acr_values"))
        .with("max_age", &challenge(refused, "max_age"))
}

/// The person signs in once more on the page to which that leads: the tokens that come of it.
async fn sign_in_again(
    server: &TestServer,
    (browser, user): (&Browser, &UserFixture),
    (app, asked): (&AppFixture, &Authorization),
) -> Answer {
    let page = browser.visit(&asked.address(server)).await;
    assert!(page.has("again") && page.has("login-submit"), "{} {}", page.status, page.body);
    let back = by_password(browser, &page, &user.email, &user.password).await;
    let code = back.answered("code").unwrap_or_else(|| panic!("{} {}", back.status, back.body));
    let tokens = server.redeem(app, &code, &asked.verifier).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    tokens
}

/// RFC 9470 §3, §4.
/// RFC 9470 §5.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rfc9470_who_signs_in_again_as_the_api_says_is_let_in() {
    for engine in Engine::ALL {
        for opaque in [false, true] {
            let stage = Stage::of(engine, &["kakao"]).await;
            let server = &stage.server;
            let api = Calendar::start(server, opaque).await;
            let optional = ["calendar.read", "offline_access"].map(str::to_owned).to_vec();
            let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
            let user = server.user("hong@example.com").await;
            let at_home = Browser::default();
            let account =
                by_password(&at_home, &stage.door(&at_home).await, &user.email, &user.password).await;
            stage.through(&at_home, &account, "kakao", ("muzi", &[])).await;

            // Somebody's word is enough to read, and not to pay.
            let browser = Browser::default();
            stage.enter(&browser, "kakao", ("muzi", &[])).await;
            let asked = Authorization::of(&app, "openid calendar.read");
            let code = server.code(&browser, &user, &asked).await;
            let weak = server.redeem(&app, &code, &asked.verifier).await.text("access_token");
            api.ready(&weak).await;
            let refused = api.ask("/payments", &weak).await;
            let asked = again(&app, &refused);
            let tokens = sign_in_again(server, (&browser, &user), (&app, &asked)).await;
            assert_eq!(claims(&tokens.text("id_token"))["acr"], "1");
            assert_eq!(
                api.ask("/payments", &tokens.text("access_token")).await.status,
                200,
                "{engine:?} {opaque}"
            );
            assert_eq!(
                api.ask("/payments", &weak).await.status,
                401,
                "what was given before is as weak as it was"
            );

            // A sign-in grows old, and a refresh makes it no younger.
            server.advance(Seconds::seconds(301));
            let renewed = server.refresh(&app, &tokens.text("refresh_token")).await.text("access_token");
            // The API has heard nothing for so long that it lets nobody in; then it hears of something.
            let end = server.now().plus(Seconds::minutes(5));
            server.write(tokens::revoke("another", end, server.now())).await;
            api.ready(&renewed).await;
            let refused = api.ask("/payments", &renewed).await;
            let asked = again(&app, &refused);
            let silent = browser.open(&asked.clone().with("prompt", "none").address(server)).await;
            assert_eq!(silent.answered("error").as_deref(), Some("login_required"));
            let tokens = sign_in_again(server, (&browser, &user), (&app, &asked)).await;
            assert_eq!(
                api.ask("/payments", &tokens.text("access_token")).await.status,
                200,
                "{engine:?} {opaque}"
            );
        }
    }
}
