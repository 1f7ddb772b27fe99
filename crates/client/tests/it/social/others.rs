//! Naver on both of its paths, Google, Facebook: the same surface, other rules beneath.

use http::header;
use mapae_client::{
    AccessError, CallbackError, Class, Error, Locale, LoginRequest, Setting, Verification, login::LoginError,
};
use mapae_simulators::Command;

use super::scene::{Back, Person, Scene, Setup};

const EVERYBODY: [(&str, &str); 4] =
    [("naver", "yuna"), ("naver-oidc", "yuna"), ("google", "minseo"), ("facebook", "sora")];

#[tokio::test]
async fn the_first_login_the_second_and_a_refresh_are_alike_everywhere() {
    for (id, name) in EVERYBODY {
        let scene = Scene::with(id, Setup { sign_up: true, ..Setup::default() }).await;
        let mut person = Person::default();
        assert_eq!(scene.sign_in(&mut person, name, &["email"]).await.unwrap(), "/sign-up", "{id}");
        let form = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap();
        assert!(
            form.identity.email().is_some() && form.identity.name().is_some() || id.starts_with("naver"),
            "{id}"
        );
        scene.sign_up(&mut person).await;
        let key = scene.key(&person).await.unwrap();
        let mut elsewhere = Person::default();
        assert_eq!(scene.sign_in(&mut elsewhere, name, &[]).await.unwrap(), "/", "{id}");
        assert_eq!(scene.key(&elsewhere).await.unwrap(), key, "{id}");
        let first = scene.client.access_token(&key).await.unwrap();
        // Facebook's tokens live for two months and are exchanged while they live.
        scene.advance(if id == "facebook" { 58 * 86_400 } else { 3_601 });
        let second = scene.client.access_token(&key).await.unwrap();
        assert!(!second.is(&first), "{id}");
    }
}

#[tokio::test]
async fn rp_11_only_who_says_so_has_checked_an_address() {
    for (id, name, item, verification) in [
        ("naver", "haneul", "email", Verification::None),
        ("naver-oidc", "yuna", "email", Verification::None),
        ("facebook", "sora", "email", Verification::None),
        ("google", "minseo", "", Verification::ByMailHost),
        ("google", "jiwoo", "", Verification::ByMailHost),
    ] {
        let scene = Scene::with(id, Setup { sign_up: true, ..Setup::default() }).await;
        let mut person = Person::default();
        scene.sign_in(&mut person, name, &[item]).await.unwrap();
        let form = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap();
        assert_eq!(form.identity.email().unwrap().verification, verification, "{id} {name}");
    }
}

#[tokio::test]
async fn cancelled_and_a_wrong_secret_are_told_apart_everywhere() {
    for (id, name) in EVERYBODY {
        let scene = Scene::of(id).await;
        let cancelled = scene.sign_in(&mut Person::default(), name, &["cancel"]).await.unwrap_err();
        assert_eq!(cancelled.class(), Class::Cancelled, "{id} {cancelled:?}");
        let client = scene.again(&Setup { secret: Some("wrong-secret"), ..Setup::default() });
        let mut person = Person::default();
        let refused =
            scene.sign_in_by(&client, &LoginRequest::new(), &mut person, (name, &[])).await.unwrap_err();
        assert_eq!(refused.class(), Class::Configuration(Setting::ClientSecret), "{id} {refused:?}");
        assert_eq!(scene.users.count(), 0);
    }
}

#[tokio::test]
async fn rp_14_facebooks_dialog_refuses_in_words_of_its_own() {
    let scene = Scene::of("facebook").await;
    let provider = &scene.client.providers()[0];
    for (number, class, console) in [
        ("1349048", Class::Configuration(Setting::RedirectUri), "http://localhost:3000/callback"),
        ("1349126", Class::Configuration(Setting::Registration), "1349126"),
        ("4201", Class::Cancelled, ""),
        ("2", Class::Unavailable, ""),
        ("123456", Class::Restart, ""),
    ] {
        let fact = Command::Fact { name: "dialog_error".to_owned(), value: number.to_owned() };
        scene.simulator.control(fact).await.unwrap();
        let mut person = Person::default();
        let back = scene.go(&mut person, "sora", &[]).await;
        let refused = scene.come_back(&scene.client, &mut person, &back).await.unwrap_err();
        assert_eq!(refused.class(), class, "{number} {refused:?}");
        assert!(matches!(refused, Error::Provider(_)), "the provider has said so: {refused:?}");
        if let Class::Configuration(setting) = class {
            for language in [Locale::Ko, Locale::En] {
                let advice = provider.advice(setting, language);
                assert!(advice.contains(" > ") && advice.contains(console), "{advice}");
            }
        }
        let again = scene.come_back(&scene.client, &mut person, &back).await.unwrap_err();
        assert!(matches!(again, Error::Callback(_)), "an answer is used up, whatever it says: {again:?}");
    }
    let fact = Command::Fact { name: "dialog_error".to_owned(), value: String::new() };
    scene.simulator.control(fact).await.unwrap();
    let mut person = Person::default();
    let Back::Address(mut address) = scene.go(&mut person, "sora", &[]).await else { panic!() };
    address.query_pairs_mut().append_pair("error_code", "1349126");
    let both = scene.come_back(&scene.client, &mut person, &Back::Address(address)).await.unwrap_err();
    assert!(matches!(both, Error::Callback(CallbackError::Response(_))), "a code and a refusal: {both:?}");
}

#[tokio::test]
async fn unlinked_from_either_side_everywhere() {
    for (id, name) in EVERYBODY {
        let scene = Scene::of(id).await;
        let mut person = Person::default();
        scene.sign_in(&mut person, name, &[]).await.unwrap();
        let key = scene.key(&person).await.unwrap();
        assert!(scene.client.unlink(&key).await.unwrap(), "{id} was told");
        assert!(scene.key(&person).await.is_none());

        scene.sign_in(&mut person, name, &[]).await.unwrap();
        let token = scene.client.access_token(&key).await.unwrap();
        scene.simulator.control(Command::unlink(name)).await.unwrap();
        let refused = scene.client.after_unauthorized(&key, &token).await.unwrap_err();
        assert!(matches!(refused, AccessError::SignInAgain), "{id} {refused:?}");
    }
}

#[tokio::test]
async fn without_a_secret_a_link_with_naver_ends_here_and_naver_is_not_told() {
    let scene = Scene::with("naver-oidc", Setup { public: true, ..Setup::default() }).await;
    let fact = Command::Fact { name: "oidc_secret_optional".to_owned(), value: "true".to_owned() };
    scene.simulator.control(fact).await.unwrap();
    let mut person = Person::default();
    scene.sign_in(&mut person, "yuna", &[]).await.unwrap();
    let key = scene.key(&person).await.unwrap();
    assert!(!scene.client.unlink(&key).await.unwrap(), "Naver hears of it from nobody without a secret");
    assert!(scene.key(&person).await.is_none() && scene.is_linked("yuna").await);
    let tokens = scene.client.access_token(&key).await;
    assert!(matches!(tokens, Err(AccessError::SignInAgain)), "{tokens:?}");
}

#[tokio::test]
async fn an_app_that_proves_its_secret_with_each_call_is_heard_when_it_unlinks() {
    let scene = Scene::of("facebook").await;
    let fact = Command::Fact { name: "proof_required".to_owned(), value: "true".to_owned() };
    scene.simulator.control(fact).await.unwrap();
    let mut person = Person::default();
    scene.sign_in(&mut person, "sora", &[]).await.unwrap();
    assert!(scene.is_linked("sora").await);
    let key = scene.key(&person).await.unwrap();
    // Who is refused for a time has not gone.
    scene.simulator.control(Command::fail("/v25.0/*", "368")).await.unwrap();
    let refused = scene.client.unlink(&key).await.unwrap_err();
    assert!(matches!(refused, AccessError::Unavailable(_)), "{refused:?}");
    assert!(scene.key(&person).await.is_some() && scene.is_linked("sora").await);
    assert!(scene.client.unlink(&key).await.unwrap(), "Facebook was told");
    assert!(scene.key(&person).await.is_none() && !scene.is_linked("sora").await);
}

#[tokio::test]
async fn google_gives_its_refresh_token_once_and_a_later_login_does_not_lose_it() {
    let scene = Scene::of("google").await;
    let mut person = Person::default();
    for _ in 0..3 {
        scene.sign_in(&mut person, "jiwoo", &[]).await.unwrap();
    }
    let key = scene.key(&person).await.unwrap();
    for _ in 0..3 {
        scene.advance(3_600);
        scene.client.access_token(&key).await.unwrap();
    }
}

#[tokio::test]
async fn by_its_issuer_alone_google_is_any_openid_provider() {
    let scopes = Some("openid email profile");
    let scene = Scene::with("oidc", Setup { sign_up: true, scopes, ..Setup::default() }).await;
    let mut person = Person::default();
    assert_eq!(scene.sign_in(&mut person, "minseo", &["email"]).await.unwrap(), "/sign-up");
    let form = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap();
    assert_eq!(
        form.identity.email().unwrap().verification,
        Verification::ByProvider,
        "nobody said who hosts it"
    );
    assert!(form.identity.name().is_some() && form.identity.picture().is_some());
    assert_eq!(form.identity.person().issuer(), scene.simulator.base_url());
    scene.sign_up(&mut person).await;
    let mut elsewhere = Person::default();
    assert_eq!(scene.sign_in(&mut elsewhere, "minseo", &[]).await.unwrap(), "/");
    let key = scene.key(&person).await.unwrap();
    assert!(scene.client.unlink(&key).await.unwrap(), "its metadata has an address for that");
    let cancelled = scene.sign_in(&mut Person::default(), "jiwoo", &["cancel"]).await.unwrap_err();
    assert_eq!(cancelled.class(), Class::Cancelled, "{cancelled:?}");
    let client = scene.again(&Setup { secret: Some("wrong-secret"), scopes, ..Setup::default() });
    let refused =
        scene.sign_in_by(&client, &LoginRequest::new(), &mut person, ("minseo", &[])).await.unwrap_err();
    assert!(matches!(refused.class(), Class::Configuration(_)), "{refused:?}");
}

#[tokio::test]
async fn rp_13_a_company_is_a_signed_claim_and_not_the_end_of_an_address() {
    let scene = Scene::with("google", Setup { sign_up: true, ..Setup::default() }).await;
    let (email, verified) = (Some("alex@corp.example".to_owned()), Some(true));
    let command = Command::ChangeEmail { person: "alex".into(), email, verified, valid: None };
    scene.simulator.control(command).await.unwrap();
    for (name, company) in [("minseo", Some("corp.example")), ("alex", None)] {
        let mut person = Person::default();
        let back = scene.go(&mut person, name, &[]).await;
        // What the browser adds is no claim.
        let Back::Address(mut address) = back else { panic!("Google answers by an address") };
        address.query_pairs_mut().append_pair("hosted_domain", "corp.example");
        if company.is_none() {
            address.query_pairs_mut().append_pair("hd", "corp.example");
        }
        scene.come_back(&scene.client, &mut person, &Back::Address(address)).await.unwrap();
        let identity = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap().identity;
        assert!(identity.email().unwrap().address.ends_with("@corp.example"), "{name}");
        assert_eq!(identity.claims().get("hd").and_then(|hd| hd.as_str()), company, "{name}");
    }
}

#[tokio::test]
async fn rp_13_a_hosted_domain_is_believed_by_the_signed_claim_alone() {
    let corp = Setup { hosted_domain: Some("corp.example"), ..Setup::default() };
    let scene = Scene::with("google", corp).await;
    let started = scene.client.login(&LoginRequest::new(), &http::HeaderMap::new()).await.unwrap();
    assert!(started.location.contains("hd=corp.example"), "{}", started.location);
    scene.sign_in(&mut Person::default(), "minseo", &[]).await.unwrap();
    for stranger in ["jiwoo", "minji", "alex"] {
        let refused = scene.sign_in(&mut Person::default(), stranger, &[]).await.unwrap_err();
        assert_eq!(refused.class(), Class::Denied, "{stranger} {refused:?}");
    }
    assert_eq!(scene.users.count(), 1);
    // The end of the address says nothing.
    let suffix = Command::ChangeEmail {
        person: "minji".to_owned(),
        email: Some("minji@corp.example".to_owned()),
        verified: Some(true),
        valid: None,
    };
    scene.simulator.control(suffix).await.unwrap();
    assert!(scene.sign_in(&mut Person::default(), "minji", &[]).await.is_err());
}

#[tokio::test]
async fn google_is_not_begun_inside_another_app() {
    let scene = Scene::of("google").await;
    let mut headers = http::HeaderMap::new();
    let agent =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 KAKAOTALK 25.9.0";
    headers.insert(header::USER_AGENT, agent.parse().unwrap());
    let refused = scene.client.login(&LoginRequest::new(), &headers).await.unwrap_err();
    assert!(matches!(refused, Error::Login(LoginError::InsideAnotherApp)), "{refused:?}");
    for (language, word) in [(Locale::Ko, "Safari"), (Locale::En, "Open in browser")] {
        assert!(refused.explain(language).advice.contains(word));
    }
    Scene::of("kakao").await.client.login(&LoginRequest::new(), &headers).await.unwrap();
}
