//! What is fetched because an app names it, and what is not.

use futures_util::future::join_all;
use mapae::store::apps;
use mapae_protocol::{
    jose::{Algorithm, HeaderType, SigningKey},
    time::Seconds,
};
use mapae_testkit::{Authorization, Browser, Engine, TestServer};
use reqwest::Method;
use serde_json::json;

use super::{REDIRECT_URI, Registered, ask, initial_token, open, register, registered, server, site::Site};
use crate::protocol::{
    claims,
    client_assertions::{good, present},
};

/// A server to develop against: what apps name may be on this machine.
async fn at_a_desk(engine: Engine) -> TestServer {
    server(engine, &[("REGISTRATION__POLICY", "open"), ("FETCH__PRIVATE_ADDRESSES", "true")]).await
}

/// A picture of one colour.
pub(super) fn picture(colour: u8) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    let pixels = image::RgbaImage::from_pixel(512, 512, image::Rgba([colour, 0, 0, 255]));
    pixels.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[tokio::test]
async fn dc_04_ad_16_nothing_private_is_asked_and_the_app_learns_nothing() {
    let server = open(Engine::Sqlite).await;
    let site = Site::start().await;
    let sector = site.put("/sector", json!([REDIRECT_URI]).to_string());
    let logo = site.put("/logo", picture(1));
    let mut answers = Vec::new();
    for address in [
        sector,
        site.at("/nothing"),
        "http://127.0.0.1:1/".to_owned(),
        "https://127.0.0.1:1/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://[::ffff:10.0.0.1]/".to_owned(),
        "https://localhost/".to_owned(),
    ] {
        let said = json!({ "redirect_uris": [REDIRECT_URI], "sector_identifier_uri": address });
        let answer = register(&server, &said).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_client_metadata"), "{address}");
        answers.push(answer.json);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer for all: {answers:?}");
    let app = registered(&server, json!({ "logo_uri": logo })).await;
    assert!(app.told.get("logo_uri").is_none(), "{}", app.told);
    assert_eq!(site.asked(), Vec::<String>::new(), "nobody was asked");
}

/// At a desk, where private addresses are asked: what comes back is nobody's to see, and no difference tells of it.
#[tokio::test]
async fn ad_16_who_names_an_address_does_not_learn_what_answers_there() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let inside = "db.internal:5432";
    let addresses = [
        site.put("/status", inside),
        site.put_json("/keys", &json!({ "keys": inside })),
        site.put_json("/metadata", &json!({ "token": inside })),
        site.at("/nothing"),
        "http://127.0.0.1:1/".to_owned(),
    ];
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let mut answers = Vec::new();
    for address in &addresses {
        let logo = registered(&server, json!({ "logo_uri": address })).await.with("client_id", json!(null));
        let sector = json!({ "redirect_uris": [REDIRECT_URI], "sector_identifier_uri": address });
        let sector = register(&server, &sector).await;
        let signs = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": address });
        let app = registered(&server, signs).await.app;
        let assertion = key.sign(HeaderType::ClientAssertion, &good(&server, &app)).unwrap();
        let token = present(&server, "/token", &assertion, &[("grant_type", "authorization_code")]).await;
        assert_eq!((sector.status.as_u16(), token.status.as_u16()), (400, 503), "{address}");
        let answer = json!([logo, sector.json, token.json]);
        assert!(!answer.to_string().contains(inside), "{answer}");
        answers.push(answer);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_eq!(site.asked().len(), 4 * 3, "it was not for want of asking");
}

/// OIDC Registration §5.
#[tokio::test]
async fn dc_05_the_sector_document_names_every_redirect_uri() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let uris = [REDIRECT_URI, "https://b.example/cb"];
        let sector = site.put_json("/sector.json", &json!(uris));
        let said = |sector: &str| json!({ "redirect_uris": uris, "sector_identifier_uri": sector });
        let of = async |kind: &str| {
            register(&server, &json!({ "redirect_uris": uris, "subject_type": kind })).await
        };
        assert_eq!(of("pairwise").await.error(), "invalid_client_metadata", "several hosts");
        assert_eq!(of("public").await.status, 201, "whose names are the same everywhere needs no sector");
        let open = register(&server, &json!({ "redirect_uris": uris })).await;
        assert_eq!((open.status.as_u16(), &open.json["subject_type"]), (201, &json!("public")));
        let pairwise = registered(&server, json!({})).await;
        assert_eq!(pairwise.told["subject_type"], "pairwise");
        let registered = register(&server, &said(&sector)).await;
        assert_eq!(registered.status, 201, "{}", registered.json);
        assert_eq!(registered.json["sector_identifier_uri"], sector);
        let lacks = site.put_json("/lacks.json", &json!([REDIRECT_URI]));
        let broken = site.put_as_json("/broken.json", "[");
        let long = site.put_as_json("/long.json", &format!("{}{}", json!(uris), " ".repeat(65_536)));
        let text = site.put("/text", json!(uris).to_string());
        for wrong in [lacks, broken, long, text, site.at("/nothing")] {
            let answer = register(&server, &said(&wrong)).await;
            assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_client_metadata"), "{wrong}");
        }
    }
}

#[tokio::test]
async fn dc_04_an_app_makes_this_server_fetch_thirty_times_at_once() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let (app, other) = (registered(&server, json!({})).await, registered(&server, json!({})).await);
    let nothing = app.with("sector_identifier_uri", json!(site.at("/nothing")));
    for _ in 0..30 {
        assert_eq!(app.update(&nothing).await.status, 400);
    }
    let throttled = app.update(&nothing).await;
    assert_eq!((throttled.status.as_u16(), throttled.error()), (429, "temporarily_unavailable"));
    assert!(throttled.headers.contains_key("retry-after"));
    assert_eq!(site.asked().len(), 30);
    assert_eq!(other.update(&other.same()).await.status, 200, "another app has its own");
    assert_eq!(app.show().await.status, 200);
    server.advance(Seconds::minutes(1));
    assert_eq!(app.update(&nothing).await.status, 400);
}

#[tokio::test]
async fn dc_04_a_token_makes_this_server_fetch_a_hundred_times_at_once() {
    let settings = [("REGISTRATION__POLICY", "initial_access_token"), ("FETCH__PRIVATE_ADDRESSES", "true")];
    let server = server(Engine::Sqlite, &settings).await;
    let site = Site::start().await;
    let said = json!({ "redirect_uris": [REDIRECT_URI], "sector_identifier_uri": site.at("/nothing") });
    let (first, second) = (
        initial_token(&server, 1, Seconds::hours(1)).await,
        initial_token(&server, 2, Seconds::hours(1)).await,
    );
    let ask = async |token: &str| ask(Method::POST, &server.at("/register"), Some(token), Some(&said)).await;
    for _ in 0..100 {
        assert_eq!(ask(&first).await.status, 400);
    }
    assert_eq!(ask("guessed").await.status, 401);
    for token in [&first, &second] {
        let throttled = ask(token).await;
        assert_eq!((throttled.status.as_u16(), throttled.error()), (429, "temporarily_unavailable"));
    }
    assert_eq!(site.asked().len(), 100);
    server.advance(Seconds::minutes(1));
    assert_eq!(ask(&first).await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dc_04_an_update_fetches_once_however_often_it_is_tried() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let node = server.second_node().await;
        let site = Site::start().await;
        let sector = site.put_json("/sector.json", &json!([REDIRECT_URI]));
        let app = registered(&server, json!({})).await;
        let beside =
            Registered { address: node.at(&format!("/register/{}", app.app.client_id)), ..app.clone() };
        let said = |number: usize| {
            let mut said = app.with("sector_identifier_uri", json!(sector));
            said["client_name"] = json!(format!("앱 {number}"));
            said
        };
        let updates = (0..8).map(|number| {
            let (at, said) = (if number % 2 == 0 { &app } else { &beside }, said(number));
            async move { at.update(&said).await.status.as_u16() }
        });
        let statuses = join_all(updates).await;
        assert!(statuses.contains(&200), "{statuses:?}");
        assert_eq!(site.asked().len(), 8, "{statuses:?}");
    }
}

/// What an app calls this person.
async fn name_at(server: &TestServer, app: &Registered, user: &mapae_testkit::UserFixture) -> String {
    let authorization = Authorization::of(&app.app, "openid");
    let code = server.code(&Browser::default(), user, &authorization).await;
    let tokens = server.redeem(&app.app, &code, &authorization.verifier).await;
    let sub = claims(&tokens.text("id_token"))["sub"].as_str().unwrap().to_owned();
    let told = server.userinfo(&tokens.text("access_token")).await;
    assert_eq!(told.json["sub"], sub);
    sub
}

#[tokio::test]
async fn ui_06_apps_at_one_host_know_a_person_by_one_name_and_others_by_another() {
    let server = open(Engine::Sqlite).await;
    let user = server.user("hong@example.com").await;
    let at = async |uri: &str| registered(&server, json!({ "redirect_uris": [uri] })).await;
    let native = json!({ "redirect_uris": ["com.example.app:/cb"], "token_endpoint_auth_method": "none" });
    let (first, second) = (at("https://a.example/cb").await, at("https://a.example:8443/other").await);
    let (other, native, again) = (
        at("https://b.example/cb").await,
        registered(&server, native.clone()).await,
        registered(&server, native).await,
    );
    let first = name_at(&server, &first, &user).await;
    assert_eq!(first, name_at(&server, &second, &user).await);
    let mut names = vec![first, name_at(&server, &other, &user).await];
    names.extend([name_at(&server, &native, &user).await, name_at(&server, &again, &user).await]);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4, "{names:?}");
}

/// All texts in a value that are long enough to name somebody.
fn names(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) if text.len() > 8 => found.push(text.clone()),
        serde_json::Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        serde_json::Value::Object(members) => members.values().for_each(|value| names(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn ui_06_no_claim_that_two_apps_are_told_names_one_person_at_both() {
    let server = open(Engine::Sqlite).await;
    let (user, browser) = (server.user("hong@example.com").await, Browser::default());
    let mut told = Vec::new();
    for uri in ["https://a.example/cb", "https://b.example/cb"] {
        let app = registered(&server, json!({ "redirect_uris": [uri] })).await;
        let authorization = Authorization::of(&app.app, "openid");
        let code = server.code(&browser, &user, &authorization).await;
        let tokens = server.redeem(&app.app, &code, &authorization.verifier).await;
        let access = tokens.text("access_token");
        let mut all = Vec::new();
        names(&claims(&tokens.text("id_token")), &mut all);
        names(&server.userinfo(&access).await.json, &mut all);
        if access.split('.').count() == 3 {
            names(&claims(&access), &mut all);
        }
        // What the apps sent themselves is no name.
        let sent = |name: &str| authorization.parameters.iter().any(|(_, value)| value == name);
        all.retain(|name| name != server.issuer() && !sent(name));
        told.push(all);
    }
    assert!(!told[0].is_empty() && !told[1].is_empty());
    for name in &told[0] {
        assert!(!told[1].contains(name), "{name} is told to both: {told:?}");
    }
}

#[tokio::test]
async fn se_10_a_logo_is_made_anew_and_shown_from_here() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let logo = site.put("/logo.png", picture(1));
        let app = registered(&server, json!({ "logo_uri": logo })).await;
        assert_eq!(app.told["logo_uri"], logo);
        assert_eq!(site.asked(), ["/logo.png"]);
        let shown = async || {
            let page =
                Browser::default().visit(&Authorization::of(&app.app, "openid").address(&server)).await;
            let found = page.body.split('"').find(|part| part.starts_with("/icons/"));
            assert!(!page.body.contains(&site.at("")), "nobody hears who looks at the page");
            found.map(str::to_owned)
        };
        let icon = shown().await.unwrap();
        let served = mapae_testkit::http().get(server.at(&icon)).send().await.unwrap();
        assert_eq!(served.headers()["content-type"], "image/png");
        assert_ne!(served.bytes().await.unwrap(), picture(1), "no byte of theirs reaches anybody");
        // The same address is not asked again; another one is.
        assert_eq!(app.update(&app.same()).await.status, 200);
        assert_eq!((site.asked(), shown().await.as_ref()), (Vec::new(), Some(&icon)));
        let other = site.put("/other.png", picture(2));
        assert_eq!(app.update(&app.with("logo_uri", json!(other))).await.json["logo_uri"], other);
        assert_ne!(shown().await.unwrap(), icon);
        for wrong in [site.put("/logo.svg", "<svg onload=\"alert(1)\"/>"), site.at("/nothing")] {
            let answer = app.update(&app.with("logo_uri", json!(wrong))).await;
            assert!(answer.status == 200 && answer.json.get("logo_uri").is_none(), "{}", answer.json);
            assert_eq!(shown().await, None);
        }
    }
}

#[tokio::test]
async fn the_operators_icon_counts_more_than_a_logo() {
    let server = at_a_desk(Engine::Sqlite).await;
    let site = Site::start().await;
    let app = registered(&server, json!({})).await;
    let id = &app.app.client_id;
    let kept = apps::find(server.app().db(), id).await.unwrap().unwrap();
    let settings = apps::AppSettings { icon: Some("/icons/own/x.png".to_owned()), ..kept.app.settings };
    server.write(apps::update(id, &settings, &kept.lists, server.now())).await;
    let logo = site.put("/logo.png", picture(1));
    let answer = app.update(&app.with("logo_uri", json!(logo))).await;
    assert!(answer.status == 200 && answer.json.get("logo_uri").is_none(), "{}", answer.json);
    let kept = apps::find(server.app().db(), id).await.unwrap().unwrap();
    assert_eq!(kept.app.settings.icon.as_deref(), Some("/icons/own/x.png"));
    assert_eq!(site.asked(), Vec::<String>::new());
}
