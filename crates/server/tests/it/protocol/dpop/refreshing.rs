//! Refresh tokens and keys — RFC 9449 §5.

use mapae_protocol::time::Seconds;
use mapae_testkit::{AppSpec, TestServer};

use super::{Key, Person, public, refresh};
use crate::engines::for_each_engine;

for_each_engine! {
    async fn re_06_a_public_apps_refresh_token_is_worth_nothing_without_the_key(server: TestServer) {
        let app = server.register(public()).await;
        let person = Person::of(&server).await;
        let (key, other) = (Key::fresh(), Key::fresh());
        let token = person.tokens(&server, &app, &key).await.text("refresh_token");
        assert_eq!(refresh(&server, &app, &token, &[]).await.error(), "invalid_grant");
        let stolen = refresh(&server, &app, &token, &[&other.proof(&server, "/token")]).await;
        assert_eq!((stolen.status.as_u16(), stolen.error()), (400, "invalid_grant"));
        let own = refresh(&server, &app, &token, &[&key.proof(&server, "/token")]).await;
        assert_eq!((own.status.as_u16(), own.text("token_type").as_str()), (200, "DPoP"), "{}", own.json);
        let bound = crate::protocol::claims(&own.text("access_token"))["cnf"]["jkt"].clone();
        assert_eq!(bound, key.thumbprint());
    }

    async fn re_06_who_has_not_the_key_cannot_end_a_family(server: TestServer) {
        let app = server.register(AppSpec { rotate_refresh: true, ..public() }).await;
        let person = Person::of(&server).await;
        let (key, other) = (Key::fresh(), Key::fresh());
        let first = person.tokens(&server, &app, &key).await.text("refresh_token");
        let second = refresh(&server, &app, &first, &[&key.proof(&server, "/token")]).await;
        let second = second.text("refresh_token");
        server.advance(Seconds::minutes(1));
        for proofs in [vec![], vec![other.proof(&server, "/token")]] {
            let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
            assert_eq!(refresh(&server, &app, &first, &proofs).await.error(), "invalid_grant");
        }
        let own = refresh(&server, &app, &second, &[&key.proof(&server, "/token")]).await;
        assert_eq!(own.status, 200, "a stolen old token ended nothing: {}", own.json);
        server.advance(Seconds::minutes(1));
        assert_eq!(refresh(&server, &app, &first, &[&key.proof(&server, "/token")]).await.error(), "invalid_grant");
        let after = refresh(&server, &app, &own.text("refresh_token"), &[&key.proof(&server, "/token")]).await;
        assert_eq!(after.error(), "invalid_grant", "with the key it is a replay");
    }
}

/// RFC 9700 §2.2.2.
#[tokio::test]
async fn rfc9449_5_a_bound_refresh_token_of_a_public_app_need_not_rotate() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec { rotate_refresh: false, ..public() }).await;
    let person = Person::of(&server).await;
    let key = Key::fresh();
    let token = person.tokens(&server, &app, &key).await.text("refresh_token");
    for _ in 0..3 {
        server.advance(Seconds::minutes(1));
        let answer = refresh(&server, &app, &token, &[&key.proof(&server, "/token")]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json.get("refresh_token")),
            (200, None),
            "{}",
            answer.json
        );
    }
    let unbound = crate::protocol::sign_in_as(&server, &app, &person.user, "openid").await;
    assert!(server.refresh(&app, &unbound.text("refresh_token")).await.json.get("refresh_token").is_some());
}

#[tokio::test]
async fn rfc9449_5_a_confidential_apps_refresh_token_goes_with_any_key() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let person = Person::of(&server).await;
    let (key, other) = (Key::fresh(), Key::fresh());
    let tokens = person.tokens(&server, &app, &key).await;
    let answer =
        refresh(&server, &app, &tokens.text("refresh_token"), &[&other.proof(&server, "/token")]).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(crate::protocol::claims(&answer.text("access_token"))["cnf"]["jkt"], other.thumbprint());
}
