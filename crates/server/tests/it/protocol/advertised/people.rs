//! What an app may ask of people, and how it is answered.

use mapae_testkit::{Authorization, Browser};
use serde_json::json;

use super::{
    super::{claims as of_jwt, signed_responses::sent},
    World,
};

pub(super) async fn scopes(world: &World, values: &[&str]) {
    for value in values {
        let scope = if *value == "openid" { "openid".to_owned() } else { format!("openid {value}") };
        let tokens = world.tokens(&world.app, &Authorization::of(&world.app, &scope)).await;
        let granted = tokens.text("scope");
        assert!(granted.split(' ').any(|one| one == *value), "{value}: {granted}");
    }
    assert_eq!(world.error(&Authorization::of(&world.app, "nothing.known")).await, "invalid_scope");
}

pub(super) async fn claims(world: &World, values: &[&str]) {
    let asked = Authorization::of(&world.app, "openid profile email phone address");
    let tokens = world.tokens(&world.app, &asked).await;
    let id_token = of_jwt(&tokens.text("id_token"));
    let told = world.server.userinfo(&tokens.text("access_token")).await.json;
    for value in values {
        assert!(id_token.get(*value).is_some() || told.get(*value).is_some(), "{value}: {id_token} {told}");
    }
    let wish = json!({ "userinfo": { "salary": { "essential": true } } }).to_string();
    let tokens =
        world.tokens(&world.app, &Authorization::of(&world.app, "openid").with("claims", &wish)).await;
    let told = world.server.userinfo(&tokens.text("access_token")).await.json;
    assert!(told.get("salary").is_none(), "OIDC Core §5.5.1: what cannot be told is left out");
}

pub(super) async fn acr_values(world: &World, values: &[&str]) {
    for value in values {
        let asked = Authorization::of(&world.app, "openid").with("acr_values", value);
        let tokens = world.tokens(&world.app, &asked).await;
        assert_eq!(of_jwt(&tokens.text("id_token"))["acr"], *value);
    }
    let wish =
        json!({ "id_token": { "acr": { "essential": true, "value": "urn:example:gold" } } }).to_string();
    let asked = Authorization::of(&world.app, "openid").with("claims", &wish);
    assert_eq!(world.error(&asked).await, "unmet_authentication_requirements");
}

/// `display` is a wish that changes nothing (OIDC Core §3.1.2.1): there is one page, which fits every window and is the only value that
/// is listed. Whatever else is asked, be it a word of that section or nobody's, is passed over and not refused.
pub(super) async fn displays(world: &World, values: &[&str]) {
    assert_eq!(values, ["page"], "another window than a page needs pages of its own");
    let plain = Authorization::of(&world.app, "openid");
    let shown = async |asked: &Authorization| {
        let page = Browser::default().visit(&asked.address(&world.server)).await;
        assert!(page.status == 200 && page.has("login-submit"), "{}", page.body);
        (page.text("body"), page.values("[id]", "id"), page.values("[class]", "class"))
    };
    let expected = shown(&plain).await;
    for value in ["page", "popup", "touch", "wap", "hologram"] {
        let asked = plain.clone().with("display", value);
        assert_eq!(shown(&asked).await, expected, "{value}");
        world.tokens(&world.app, &asked).await;
    }
}

pub(super) async fn prompts(world: &World, values: &[&str]) {
    for value in values {
        let asked = Authorization::of(&world.app, "openid").with("prompt", value);
        let page = world.browser.visit(&asked.address(&world.server)).await;
        let there = match *value {
            "none" => page.answered("code").is_some(),
            "login" => page.has("login-submit"),
            "consent" => page.has("consent-approve"),
            "select_account" => page.address.path() == "/select-account",
            "create" => page.address.path() == "/sign-up",
            other => panic!("prompt={other} is advertised, and nobody has said what it does"),
        };
        assert!(there, "{value}: {} {}", page.address, page.body);
    }
    // OIDC Prompt Create §4.2: who can do this lists it.
    assert!(values.contains(&"create"));
    let silent = Authorization::of(&world.app, "openid").with("prompt", "none");
    let page = Browser::default().visit(&silent.address(&world.server)).await;
    assert_eq!(page.answered("error").as_deref(), Some("login_required"));
    assert_eq!(world.error(&silent.with("prompt", "hypnotize")).await, "invalid_request");
}

pub(super) async fn locales(world: &World, values: &[&str]) {
    let language = async |wish: &str| {
        let asked = Authorization::of(&world.app, "openid").with("ui_locales", wish);
        let page = Browser::default().visit(&asked.address(&world.server)).await;
        page.values("html", "lang").remove(0)
    };
    for value in values {
        assert_eq!(language(value).await, *value);
    }
    // OIDC Core §3.1.2.1: no error, another language.
    assert!(values.contains(&language("fr").await.as_str()));
}

pub(super) async fn response_types(world: &World, values: &[&str]) {
    for value in values {
        assert_eq!(*value, "code", "{value}: a case is missing");
        let asked = Authorization::of(&world.app, "openid").with("response_type", value);
        world.tokens(&world.app, &asked).await;
    }
    for value in ["token", "id_token", "code id_token", "code token", "id_token token", "none"] {
        let asked = Authorization::of(&world.app, "openid").with("response_type", value);
        assert_eq!(world.error(&asked).await, "unsupported_response_type", "{value}");
    }
}

pub(super) async fn response_modes(world: &World, values: &[&str]) {
    for value in values {
        let asked = Authorization::of(&world.app, "openid").with("response_mode", value);
        let page = world.browser.open(&asked.address(&world.server)).await;
        let sent = sent(&page);
        let of = |name: &str| sent.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.clone());
        let code = match of("response") {
            Some(jwt) => of_jwt(&jwt)["code"].as_str().unwrap().to_owned(),
            None => of("code").unwrap_or_else(|| panic!("{value}: {sent:?} {}", page.body)),
        };
        assert_eq!(of("response").is_some(), value.ends_with("jwt"), "{value}");
        let fragment = page.location().is_some_and(|address| address.fragment().is_some());
        assert_eq!(fragment, value.starts_with("fragment"), "{value}");
        assert_eq!(page.location().is_none(), value.starts_with("form_post"), "{value}");
        assert_eq!(world.server.redeem(&world.app, &code, &asked.verifier).await.status, 200, "{value}");
    }
    let asked = Authorization::of(&world.app, "openid").with("response_mode", "carrier_pigeon");
    assert_eq!(world.error(&asked).await, "invalid_request");
}

pub(super) async fn challenge_methods(world: &World, values: &[&str]) {
    for value in values {
        assert_eq!(*value, "S256", "{value}: a case is missing");
        let asked = Authorization::of(&world.app, "openid").with("code_challenge_method", value);
        world.tokens(&world.app, &asked).await;
    }
    for value in ["plain", "S512"] {
        let asked = Authorization::of(&world.app, "openid").with("code_challenge_method", value);
        assert_eq!(world.error(&asked).await, "invalid_request", "{value}");
    }
}

pub(super) async fn subject_types(world: &World, values: &[&str]) {
    let mut subjects = Vec::new();
    for value in values {
        let mut apps = Vec::new();
        for host in ["a", "b"] {
            let uri = format!("https://{host}.example/cb");
            let more = json!({ "subject_type": value, "redirect_uris": [uri] });
            let app = world.registered(more).await;
            let app = mapae_testkit::AppFixture { redirect_uri: uri, ..app };
            let tokens = world.tokens(&app, &Authorization::of(&app, "openid")).await;
            apps.push(of_jwt(&tokens.text("id_token"))["sub"].clone());
        }
        assert_eq!(apps[0] == apps[1], *value == "public", "{value}");
        subjects.push(apps);
    }
    assert_ne!(subjects[0], subjects[1]);
    world.cannot_register("subject_type", &["private", "Public", ""]).await;
}
