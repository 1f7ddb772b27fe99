//! Every documented error, by what really causes it.

use std::fmt::Write as _;

use insta::assert_snapshot;
use mapae_protocol::time::Seconds;
use mapae_simulators::Command;
use serde_json::Value;

use super::Facebook;
use crate::{
    browser::Browser,
    scene::{error_pages, sign_in},
};

#[tokio::test]
async fn what_never_goes_back_to_the_app() {
    let facebook = Facebook::new().await;
    let cases = [
        ("unknown app", facebook.authorize(&[("client_id", "1")])),
        ("redirect URI of nobody", facebook.authorize(&[("redirect_uri", "https://evil.example/")])),
        ("permission without review", facebook.authorize(&[("scope", "email,user_photos")])),
        ("response_type=token", facebook.authorize(&[("response_type", "token")])),
        ("repeated", facebook.authorize(&[]) + "&state=x"),
    ];
    assert_snapshot!("facebook_error_pages", error_pages(|| Browser::speaking("en"), &cases).await);
}

#[tokio::test]
async fn cancelling() {
    let facebook = Facebook::new().await;
    let browser = Browser::new();
    let page = sign_in(&browser, &facebook.authorize(&[]), "sora").await;
    let page = browser.press(&page, "consent-deny", &[]).await;
    assert_eq!(
        page.location().as_str(),
        "http://localhost:3000/callback?error=access_denied&error_code=200&error_description=Permissions+error.&error_reason=user_denied&state=a+state#_=_"
    );
}

#[tokio::test]
async fn the_dialog_can_refuse_in_words_of_its_own() {
    let facebook = Facebook::new().await;
    let refusing = async |number: &str| {
        let (name, value) = ("dialog_error".to_owned(), number.to_owned());
        facebook.0.simulator.control(Command::Fact { name, value }).await.unwrap();
        Browser::new().open(&facebook.authorize(&[])).await
    };
    let page = refusing("1349126").await;
    assert_eq!(
        page.location().as_str(),
        "http://localhost:3000/callback?error_code=1349126&error_message=App+not+set+up%3A+This+app+is+still+in+development+mode.&state=a+state#_=_"
    );
    let nowhere =
        Browser::new().open(&facebook.authorize(&[("redirect_uri", "https://evil.example/")])).await;
    assert_eq!(nowhere.status, 400, "to no address that is not registered");
    assert!(refusing("").await.has("login-as-sora"));
}

#[tokio::test]
async fn errors_of_the_token_endpoint_are_objects() {
    let facebook = Facebook::new().await;
    let (used, expired, elsewhere) = (
        facebook.code("sora", &[]).await,
        facebook.code("sora", &[]).await,
        facebook.code("sora", &[]).await,
    );
    facebook.exchange(&[("code", &used)]).await;
    let mut table = String::new();
    for (case, fields) in [
        ("used code", &[("code", used.as_str())][..]),
        ("unknown code", &[("code", "x")]),
        ("no code", &[]),
        ("another redirect URI", &[("code", &elsewhere), ("redirect_uri", "http://localhost:8080/callback")]),
        ("no redirect URI", &[("code", &elsewhere), ("redirect_uri", "")]),
        ("wrong secret", &[("code", &elsewhere), ("client_secret", "wrong")]),
        ("unknown app", &[("code", &elsewhere), ("client_id", "1")]),
    ] {
        writeln!(table, "# {case}\n{}\n", facebook.0.shown(facebook.exchange(fields).await).await).unwrap();
    }
    facebook.0.simulator.advance(Seconds::minutes(10));
    let shown = facebook.0.shown(facebook.exchange(&[("code", &expired)]).await).await;
    writeln!(table, "# expired code\n{shown}").unwrap();
    assert_snapshot!("facebook_token_errors", table);
}

#[tokio::test]
async fn errors_of_the_graph() {
    let facebook = Facebook::new().await;
    let token = facebook.token("sora", &[]).await;
    let mut table = String::new();
    for (case, parameters) in [
        ("no token", &[][..]),
        ("unknown token", &[("access_token", "x")]),
        ("unknown field", &[("access_token", token.as_str()), ("fields", "id,shoe_size")]),
    ] {
        let shown = facebook.0.shown(facebook.graph("/v25.0/me", parameters).await).await;
        writeln!(table, "# {case}\n{shown}\n").unwrap();
    }
    facebook.0.simulator.control(Command::Revoke { person: "sora".into(), client_id: None }).await.unwrap();
    writeln!(table, "# revoked\n{}\n", facebook.0.shown(facebook.me(&token).await).await).unwrap();
    let token = facebook.token("sora", &[]).await;
    facebook.0.simulator.advance(Seconds::seconds(5_183_944));
    writeln!(table, "# expired\n{}\n", facebook.0.shown(facebook.me(&token).await).await).unwrap();
    let token = facebook.token("sora", &[]).await;
    facebook.0.simulator.control(Command::unlink("sora")).await.unwrap();
    writeln!(table, "# app removed\n{}", facebook.0.shown(facebook.me(&token).await).await).unwrap();
    assert_snapshot!("facebook_graph_errors", table);
}

#[tokio::test]
async fn what_nothing_causes_here_can_be_ordered() {
    let facebook = Facebook::new().await;
    for (code, number, subcode) in [
        ("190/459", 190, Some(459)),
        ("190/464", 190, Some(464)),
        ("190/467", 190, Some(467)),
        ("102", 102, None),
        ("10", 10, None),
        ("4", 4, None),
        ("17", 17, None),
        ("32", 32, None),
        ("613", 613, None),
        ("1", 1, None),
        ("2", 2, None),
        ("368", 368, None),
        ("", 2, None),
    ] {
        facebook.0.simulator.control(Command::fail("/v25.0/me", code)).await.unwrap();
        let error: Value = facebook.graph("/v25.0/me", &[]).await.json().await.unwrap();
        assert_eq!(error["error"]["code"], number, "{code}");
        assert_eq!(error["error"]["error_subcode"].as_u64(), subcode, "{code}");
    }
}
