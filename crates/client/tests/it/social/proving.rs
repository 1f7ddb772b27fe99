//! Who is signed in proves it again, at each provider in its own way.

use mapae_client::{AccountError, Error, LoginRequest};

use super::scene::{Person, Scene};

#[tokio::test]
async fn lk_03_every_provider_is_asked_for_a_new_sign_in_and_one_of_somebody_else_does_not_count() {
    for (id, name, other) in [
        ("kakao", "ryan", "minji"),
        ("naver", "yuna", "bada"),
        ("naver-oidc", "yuna", "bada"),
        ("google", "jiwoo", "minji"),
        ("facebook", "sora", "minji"),
        // Cannot be asked, and says how old its sign-in is: it counts, as GitHub's does.
        ("apple", "haru", "minji"),
    ] {
        let scene = Scene::of(id).await;
        let mut person = Person::default();
        scene.sign_in(&mut person, name, &[]).await.unwrap();
        // The provider's own session is hours old: what it says of it would not do.
        scene.advance(7_200);
        let fresh = async |person: &Person| {
            scene.client.sign_in_methods(&person.cookies.headers()).await.unwrap().fresh
        };
        assert!(!fresh(&person).await, "{id}");
        let started = scene
            .client
            .prove_again(&LoginRequest::new(), &person.cookies.headers(), &person.cookies.form())
            .await
            .unwrap();
        scene.follow(&scene.client, started, &mut person, (name, &[])).await.unwrap();
        assert!(fresh(&person).await, "{id}");
        scene.advance(601);
        assert!(!fresh(&person).await, "{id}");

        let mut stranger = Person::default();
        stranger.cookies = person.cookies.clone();
        let started = scene
            .client
            .prove_again(&LoginRequest::new(), &person.cookies.headers(), &person.cookies.form())
            .await
            .unwrap();
        let refused = scene.follow(&scene.client, started, &mut stranger, (other, &[])).await;
        assert!(matches!(refused, Err(Error::Account(AccountError::AnotherAccount))), "{id}: {refused:?}");
        assert!(!fresh(&stranger).await, "{id}");
    }
}
