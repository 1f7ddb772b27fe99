//! Claims that an app asks for one by one, signed userinfo, authentication contexts — OIDC Core §5.3.2, §5.5, §5.5.1.1.

use std::collections::BTreeMap;

use mapae::store::{apps, users};
use mapae_protocol::jose::{Algorithm, HeaderType, JwkSet, Unverified};
use mapae_testkit::{Answer, AppFixture, AppSpec, Authorization, Browser, Page, TestServer, UserFixture};
use serde_json::{Value, json};

use super::{claims, sign_in, sign_in_as, to_consent};

const KNOWN: &str = r#"{"given_name":"길동","birthdate":"1990-03-01","phone_number":"+82 10-1234-5678",
    "phone_number_verified":true,"address":{"formatted":"세종대로 1\n서울"},"locale":"ko-KR"}"#;

/// An app that may ask about everything, and somebody about whom much is known.
async fn known(server: &TestServer) -> (AppFixture, UserFixture) {
    let optional = ["profile", "email", "phone", "address", "offline_access"].map(str::to_owned).to_vec();
    let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
    let user = server.user("hong@example.com").await;
    server.write(users::set_claims(&user.id, Some(KNOWN), server.now()).into()).await;
    (app, user)
}

fn asking(app: &AppFixture, scope: &str, claims: &Value) -> Authorization {
    Authorization::of(app, scope).with("claims", &claims.to_string())
}

async fn tokens(server: &TestServer, app: &AppFixture, authorization: &Authorization, page: &Page) -> Answer {
    let code = page.answered("code").unwrap_or_else(|| panic!("no code: {} {}", page.status, page.body));
    let tokens = server.redeem(app, &code, &authorization.verifier).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    tokens
}

/// Of these claims, those that are told.
fn of(told: &Value, names: &[&str]) -> Vec<String> {
    names.iter().filter(|name| told.get(**name).is_some()).map(|name| (*name).to_owned()).collect()
}

const ALL: [&str; 8] =
    ["name", "given_name", "birthdate", "email", "email_verified", "phone_number", "address", "locale"];

#[tokio::test]
async fn oidc_core_5_5_each_claim_is_told_where_it_was_asked_for_and_no_other() {
    let server = TestServer::start().await;
    let (app, user) = known(&server).await;
    let asked = json!({
        "userinfo": { "birthdate": { "essential": true }, "address": null, "shoe_size": null },
        "id_token": { "email": null, "given_name": { "value": "길동" }, "name": { "value": "임꺽정" } },
    });
    let authorization = asking(&app, "openid offline_access", &asked);
    let browser = Browser::default();
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    let page = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    let first = tokens(&server, &app, &authorization, &page).await;
    assert_eq!(
        first.text("scope"),
        "offline_access openid",
        "an item that covers a claim is no scope of the token"
    );
    for tokens in [&first, &server.refresh(&app, &first.text("refresh_token")).await] {
        let id_token = claims(&tokens.text("id_token"));
        assert_eq!(of(&id_token, &ALL), ["given_name", "email"], "what has another value is left out");
        assert_eq!(id_token["email"], "hong@example.com");
        let told = server.userinfo(&tokens.text("access_token")).await.json;
        assert_eq!(of(&told, &ALL), ["birthdate", "address"]);
        assert_eq!(told["address"], json!({ "formatted": "세종대로 1\n서울" }));
        assert_eq!(told["sub"], id_token["sub"]);
    }
}

#[tokio::test]
async fn oidc_core_5_4_every_scope_tells_what_is_known() {
    let server = TestServer::start().await;
    let (app, user) = known(&server).await;
    let authorization = Authorization::of(&app, "openid profile email phone address");
    let browser = Browser::default();
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    for text in ["전화번호", "주소", "이메일 주소", "프로필"] {
        assert!(consent.body.contains(text), "{text}: {}", consent.body);
    }
    let page = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    let told = tokens(&server, &app, &authorization, &page).await;
    let told = server.userinfo(&told.text("access_token")).await.json;
    assert_eq!(of(&told, &ALL), ALL);
    assert_eq!((&told["name"], &told["locale"]), (&json!("홍길동"), &json!("ko-KR")));
    assert_eq!(told["phone_number_verified"], true);
    assert!(told["updated_at"].is_number());
}

/// OIDC Core §5.2.
#[tokio::test]
async fn oidc_core_5_2_claims_are_told_in_the_languages_that_the_app_asks_for() {
    let server = TestServer::start().await;
    let (app, user) = known(&server).await;
    let names =
        r#"{"given_name":"길동","given_name#en":"Gildong","name#en":"Hong Gildong","name#ja-Kana":"ホン"}"#;
    server.write(users::set_claims(&user.id, Some(names), server.now()).into()).await;
    let asked = json!({ "id_token": { "given_name#EN": null, "name": null } });
    let authorization =
        asking(&app, "openid profile offline_access", &asked).with("claims_locales", "fr JA en");
    let browser = Browser::default();
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    let page = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    let first = tokens(&server, &app, &authorization, &page).await;
    let refreshed = server.refresh(&app, &first.text("refresh_token")).await;
    for tokens in [first, refreshed] {
        let id_token = claims(&tokens.text("id_token"));
        assert_eq!(
            (&id_token["given_name#en"], &id_token["name#ja-Kana"]),
            (&json!("Gildong"), &json!("ホン"))
        );
        assert_eq!((&id_token["given_name"], &id_token["name#en"]), (&Value::Null, &Value::Null));
        let told = server.userinfo(&tokens.text("access_token")).await.json;
        assert_eq!((&told["given_name"], &told["given_name#en"]), (&json!("길동"), &json!("Gildong")));
        assert_eq!((&told["name#ja-Kana"], &told["name#en"]), (&json!("ホン"), &Value::Null));
    }
    let plain = sign_in_as(&server, &app, &user, "openid profile").await;
    let told = server.userinfo(&plain.text("access_token")).await.json;
    assert!(told.as_object().unwrap().keys().all(|name| !name.contains('#')), "{told}");
}

#[tokio::test]
async fn what_the_person_leaves_out_or_the_app_may_not_ask_is_not_told() {
    let server = TestServer::start().await;
    let (app, user) = known(&server).await;
    let asked = json!({ "userinfo": { "email": { "essential": true }, "address": { "essential": true } } });
    let authorization = asking(&app, "openid", &asked);
    let browser = Browser::default();
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    let page = browser.submit(&consent, "consent-approve", &[("item", "address")]).await;
    let given = tokens(&server, &app, &authorization, &page).await;
    let told = server.userinfo(&given.text("access_token")).await.json;
    assert_eq!(of(&told, &ALL), ["address"], "what was left out");

    let kept = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
    let mut lists = kept.lists;
    lists.scopes.retain(|item| item.scope != "address");
    server.write(apps::update(&app.client_id, &kept.app.settings, &lists, server.now())).await;
    let told = server.userinfo(&given.text("access_token")).await.json;
    assert_eq!(of(&told, &ALL), [""; 0], "what was taken from the app since");
    let again = browser.visit(&authorization.with("prompt", "none").address(&server)).await;
    assert!(again.answered("code").is_some(), "nothing is left to ask: {}", again.body);
}

#[tokio::test]
async fn oidc_core_5_5_1_only_the_person_who_is_asked_for_by_value_is_answered() {
    let server = TestServer::start().await;
    let (app, _) = known(&server).await;
    let kim = server.user("kim@example.com").await;
    let browser = Browser::default();
    let plain = Authorization::of(&app, "openid");
    let code = server.code(&browser, &kim, &plain).await;
    let sub = claims(&server.redeem(&app, &code, &plain.verifier).await.text("id_token"))["sub"].clone();
    let asked = |sub: &Value| asking(&app, "openid", &json!({ "id_token": { "sub": { "value": sub } } }));
    let silent = async |sub: &Value| {
        let page = browser.visit(&asked(sub).with("prompt", "none").address(&server)).await;
        page.answered("error").unwrap_or_else(|| "none".to_owned())
    };
    assert_eq!(silent(&sub).await, "none");
    for other in [json!("somebody"), json!(""), json!(7), json!(null)] {
        assert_eq!(silent(&other).await, "login_required", "{other}");
    }
    let either = asking(&app, "openid", &json!({ "id_token": { "sub": { "values": ["somebody", sub] } } }));
    let page = browser.visit(&either.with("prompt", "none").address(&server)).await;
    assert!(page.answered("code").is_some(), "one of two");
    let page = browser.visit(&asked(&json!("somebody")).address(&server)).await;
    assert!(page.has("login-submit"), "another one must sign in: {}", page.body);
    let fields = [("email", kim.email.as_str()), ("password", kim.password.as_str())];
    let page = browser.follow(browser.submit(&page, "login-submit", &fields).await).await;
    assert_eq!(page.answered("error").as_deref(), Some("login_required"), "and the same one is no answer");
}

#[tokio::test]
async fn az_32_oidc_core_5_5_1_1_an_essential_context_that_is_not_there_is_an_error_of_its_own() {
    let server = TestServer::start().await;
    let (app, user) = known(&server).await;
    let browser = Browser::default();
    server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
    let asked = |acr: Value| asking(&app, "openid", &json!({ "id_token": { "acr": acr } }));
    let impossible = asked(json!({ "essential": true, "values": ["urn:gold"] }));
    for prompt in ["", "none", "login"] {
        let page = browser.visit(&impossible.clone().with("prompt", prompt).address(&server)).await;
        let error = page.answered("error");
        assert_eq!(error.as_deref(), Some("unmet_authentication_requirements"), "{prompt:?} {}", page.body);
    }
    for (acr, reported) in [
        (json!({ "essential": true, "values": ["urn:gold", "1"] }), "1"),
        (json!({ "essential": true, "value": "0" }), "0"),
        (json!({ "values": ["urn:gold"] }), "1"),
        (json!({ "essential": true }), "1"),
    ] {
        let authorization = asked(acr.clone());
        let page = browser.visit(&authorization.address(&server)).await;
        let given = tokens(&server, &app, &authorization, &page).await;
        assert_eq!(claims(&given.text("id_token"))["acr"], reported, "{acr}");
    }
}

#[tokio::test]
async fn az_37_what_nobody_can_reach_sends_no_stranger_to_an_app_that_nobody_checked() {
    let server = TestServer::start().await;
    let (app, user) = known(&server).await;
    let developer = server.user("dev@example.com").await;
    server.write(apps::give_to(&app.client_id, &developer.id, server.now())).await;
    let acr = json!({ "id_token": { "acr": { "essential": true, "value": "urn:gold" } } });
    let page = Browser::default().visit(&asking(&app, "openid", &acr).address(&server)).await;
    assert_eq!((page.status.as_u16(), page.location()), (400, None), "{}", page.body);
    let browser = Browser::default();
    server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
    let page = browser.visit(&asking(&app, "openid", &acr).address(&server)).await;
    assert_eq!(
        page.answered("error").as_deref(),
        Some("unmet_authentication_requirements"),
        "who is connected"
    );
}

#[tokio::test]
async fn a_claims_parameter_that_is_none_goes_back_to_the_app_as_an_error() {
    let server = TestServer::start().await;
    let (app, _) = known(&server).await;
    for hostile in ["", "x", "[]", "{\"userinfo\":[]}", "{\"a\":1,\"a\":2}"] {
        let page = Browser::default()
            .visit(&Authorization::of(&app, "openid").with("claims", hostile).address(&server))
            .await;
        // An empty parameter is as if it were not there (RFC 6749 §3.1).
        let error = page.answered("error").or_else(|| page.text("#detour-error"));
        assert_eq!(hostile.is_empty(), page.has("login-submit"), "{hostile}: {error:?}");
        assert!(!page.body.contains("userinfo"), "nothing of it is shown");
    }
}

/// `claims` as an attacker writes it; each is refused.
fn refused() -> Vec<String> {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let names = (0..65).map(|number| format!("\"c{number}\":null")).collect::<Vec<_>>().join(",");
    let written = [
        nested(10_000),
        "{\"a\":".repeat(3_000),
        format!(r#"{{"userinfo":{{"name":{{"value":{}}}}}}}"#, nested(10_000)),
        format!(r#"{{"userinfo":{{"name":{{"value":{}}}}}}}"#, nested(100)),
        format!(r#"{{"later":{}}}"#, nested(100)),
        format!(r#"{{"userinfo":{{{names}}}}}"#),
    ];
    let texts = [
        r#"{"id_token":{"auth_time":{"value":1e400}}}"#,
        r#"{"id_token":{"acr":{"essential":"true"}}}"#,
        r#"{"id_token":{"acr":{"essential":1}}}"#,
        r#"{"id_token":{"acr":{"values":"1"}}}"#,
        r#"{"id_token":{"acr":{"value":"1","values":["1"]}}}"#,
        r#"{"id_token":{"acr":true}}"#,
        r#"{"id_token":[]}"#,
        r#"{"userinfo":null}"#,
        r#"{"userinfo":"name"}"#,
        r#"{"userinfo":{"name":null,"name":{"essential":true}}}"#,
        r#"{"userinfo":{"name":{"value":1}},"__proto__":{},"__proto__":{}}"#,
    ];
    written.into_iter().chain(texts.map(str::to_owned)).collect()
}

#[tokio::test]
async fn az_33_hostile_claims_are_an_invalid_request_pushed_or_not() {
    let server = TestServer::start().await;
    let (app, user) = known(&server).await;
    let browser = Browser::default();
    server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
    let secret = app.client_secret.as_deref().map(|secret| (app.client_id.as_str(), secret));
    for hostile in refused() {
        let asked = Authorization::of(&app, "openid").with("claims", &hostile);
        let form: Vec<_> =
            asked.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let page = browser.open(&asked.address(&server)).await;
        match page.answered("error") {
            Some(error) => assert_eq!(error, "invalid_request", "{hostile:.80}"),
            // What no address can hold is not even looked at.
            None => assert!(
                hostile.len() > 10_000 && page.status.is_client_error(),
                "{hostile:.80} {}",
                page.status
            ),
        }
        let pushed = server.post("/par", secret, &form).await;
        assert_eq!((pushed.status.as_u16(), pushed.error()), (400, "invalid_request"), "{hostile:.80}");
    }
}

#[tokio::test]
async fn az_33_a_request_sets_no_claim_of_the_protocol() {
    let server = TestServer::start().await;
    let (app, user) = known(&server).await;
    let browser = Browser::default();
    let plain = Authorization::of(&app, "openid");
    let page = server.authorize(&browser, &user, &plain).await;
    let before = tokens(&server, &app, &plain, &page).await;
    let told = claims(&before.text("id_token"));
    let forced = |value: Value| json!({ "essential": true, "value": value });
    let wished = json!({
        "iss": forced(json!("https://evil.example")), "aud": forced(json!("evil")), "azp": forced(json!("evil")),
        "exp": forced(json!(1e30)), "iat": forced(json!(-1)), "nbf": forced(json!(0)), "nonce": forced(json!("evil")),
        "sid": forced(json!("evil")), "at_hash": forced(json!("evil")), "amr": forced(json!(["hwk"])),
        "auth_time": forced(json!(18_446_744_073_709_551_615_u64)), "gid": null, "rvh": null, "cnf": forced(json!({})),
        "__proto__": forced(json!({ "admin": true })), "constructor": null, "admin": forced(json!(true)),
        "scope": forced(json!("admin")), "client_id": forced(json!("evil")),
    });
    let mut userinfo = wished.clone();
    userinfo["sub"] = forced(json!("evil"));
    let asked = asking(&app, "openid", &json!({ "id_token": wished, "userinfo": userinfo, "__proto__": {} }));
    let page = browser.visit(&asked.address(&server)).await;
    let after = tokens(&server, &app, &asked, &page).await;
    let mut now = claims(&after.text("id_token"));
    assert_eq!(
        now["at_hash"],
        mapae_protocol::id_token::at_hash(Algorithm::Rs256, &after.text("access_token"))
    );
    now["at_hash"] = told["at_hash"].clone();
    assert_eq!(now, told, "the clock stands still: nothing but the hash may differ");
    let names = |token: &str| claims(token).as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&after.text("access_token")), names(&before.text("access_token")));
    let said = server.userinfo(&after.text("access_token")).await.json;
    assert_eq!(said, json!({ "sub": told["sub"] }));
    // Somebody else's name makes nobody else of the person: there is no answer.
    let other = json!({ "id_token": { "sub": { "value": "evil" } } });
    let silent = asking(&app, "openid", &other).with("prompt", "none");
    let page = browser.visit(&silent.address(&server)).await;
    assert_eq!(page.answered("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_large_claims_parameter_waits_in_a_row_and_is_answered_whole() {
    let server = TestServer::start().await;
    let (app, user) = known(&server).await;
    let mut userinfo: BTreeMap<String, Value> =
        (0..60).map(|n| (format!("claim_{n:045}"), Value::Null)).collect();
    userinfo.insert("birthdate".to_owned(), json!({ "values": ["x".repeat(300), "1990-03-01"] }));
    let authorization =
        asking(&app, "openid", &json!({ "userinfo": userinfo })).with("state", &"s".repeat(3000));
    let browser = Browser::default();
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    let page = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    let given = tokens(&server, &app, &authorization, &page).await;
    let told = server.userinfo(&given.text("access_token")).await.json;
    assert_eq!(of(&told, &ALL), ["birthdate"]);
}

#[tokio::test]
async fn oidc_core_5_3_2_userinfo_is_signed_for_the_app_that_registered_it() {
    for algorithm in ["RS256", "ES256", "PS256", "EdDSA"] {
        let server = TestServer::start().await;
        let metadata = [("userinfo_signed_response_alg".to_owned(), json!(algorithm))].into();
        let app = server.register(AppSpec { metadata, ..AppSpec::default() }).await;
        let signed_in = sign_in(&server, &app, "openid email").await;
        let http = mapae_testkit::http();
        let access_token = signed_in.tokens.text("access_token");
        let answer = http.get(server.at("/userinfo")).bearer_auth(&access_token).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/jwt");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let jwt = answer.text().await.unwrap();
        let keys = http.get(server.at("/jwks")).send().await.unwrap().bytes().await.unwrap();
        let keys = JwkSet::parse(&keys).unwrap();
        let unverified = Unverified::parse(&jwt).unwrap();
        assert!(unverified.is_typed(HeaderType::Jwt));
        let told: Value = unverified.verify_with(&keys).unwrap().claims(&["iss", "sub", "aud"]).unwrap();
        assert_eq!((&told["iss"], &told["aud"]), (&json!(server.issuer()), &json!(app.client_id)));
        assert_eq!(told["email"], "hong@example.com");
        // JO-14: nobody takes it for an ID token.
        assert_eq!((told.get("exp"), told.get("nonce")), (None, None));
        let hint = Authorization::of(&app, "openid").with("id_token_hint", &jwt).with("prompt", "none");
        let page = signed_in.browser.visit(&hint.address(&server)).await;
        assert_eq!(page.answered("error").as_deref(), Some("login_required"));
        assert_eq!(server.userinfo(&jwt).await.status, 401);
    }
}
