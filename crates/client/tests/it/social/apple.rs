//! Apple로 로그인: an answer by post, a secret that is made here, a name that comes once.

use std::collections::BTreeMap;

use mapae_client::{
    CallbackError, Class, Client, ClientRegistration, ConfigurationError, Definition, Error, LoginRequest,
    Provider, ProviderSettings, Setting, Vault, Verification,
};
use mapae_protocol::params::{self, Limits, Params};
use mapae_simulators::Command;

use super::scene::{Back, Person, Scene, Setup};
use crate::website::{Browser, User, Users};

const HIDE: &str = "email_choice=hide";

async fn asking() -> Scene {
    Scene::with("apple", Setup { sign_up: true, ..Setup::default() }).await
}

/// A posted answer with other parameters in place of its own.
fn forged(back: &Back, others: &[(&str, &str)]) -> Back {
    let Back::Form(form) = back else { panic!("Apple posts") };
    let sent = Params::parse(form.as_bytes(), Limits::REQUEST).unwrap();
    let mut fields: BTreeMap<&str, &str> = sent.iter().collect();
    fields.extend(others.iter().copied());
    Back::Form(params::encode(fields))
}

#[tokio::test]
async fn the_name_comes_at_the_first_login_and_never_again() {
    let scene = asking().await;
    let mut person = Person::default();
    assert_eq!(scene.sign_in(&mut person, "haru", &[]).await.unwrap(), "/sign-up");
    let form = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap();
    assert_eq!(form.identity.name(), Some("Haru Yoon"));
    let email = form.identity.email().unwrap();
    assert_eq!(
        (email.address.as_str(), email.verification),
        ("haru@icloud.example", Verification::ByProvider)
    );
    assert!(!email.is_relay && form.identity.auth_time().is_some());
    assert!(form.identity.claims().get("nonce_supported").is_none());
    scene.sign_up(&mut person).await;
    assert_eq!(
        person.cookies.cookies.keys().collect::<Vec<_>>(),
        ["shop-3000-session"],
        "nothing else is left"
    );

    let mut elsewhere = Person::default();
    assert_eq!(scene.sign_in(&mut elsewhere, "haru", &[]).await.unwrap(), "/");
    assert_eq!((scene.users.count(), scene.key(&elsewhere).await), (1, scene.key(&person).await));
}

#[tokio::test]
async fn a_hidden_address_is_a_relay_and_a_managed_account_has_none() {
    let scene = asking().await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "minji", &[HIDE]).await.unwrap();
    let form = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap();
    let email = form.identity.email().unwrap();
    assert!(email.is_relay && email.address.ends_with("@privaterelay.appleid.com"), "{email:?}");
    assert_eq!(email.verification, Verification::ByMailHost);

    let mut managed = Person::default();
    scene.sign_in(&mut managed, "garam", &[]).await.unwrap();
    let form = scene.client.sign_up_form(&managed.cookies.headers()).await.unwrap();
    assert!(form.identity.email().is_none() && form.identity.name() == Some("Garam Lim"));
}

#[tokio::test]
async fn apple_may_say_true_in_letters() {
    let scene = asking().await;
    let letters = Command::Fact { name: "booleans_as_strings".into(), value: "true".into() };
    scene.simulator.control(letters).await.unwrap();
    let mut person = Person::default();
    scene.sign_in(&mut person, "minji", &[HIDE]).await.unwrap();
    let email = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap().identity.email().unwrap();
    assert!(email.is_relay && email.is_verified());
}

#[tokio::test]
async fn rp_15_a_forged_user_changes_a_shown_name_and_nothing_else() {
    let scene = asking().await;
    let user = r#"{"name":{"firstName":"<b>사장","lastName":"김"},"email":"ceo@corp.example","sub":"somebody","email_verified":true}"#;
    let mut person = Person::default();
    let back = forged(
        &scene.go(&mut person, "haru", &[]).await,
        &[("user", user), ("id_token", "x.y.z"), ("sub", "z")],
    );
    scene.come_back(&scene.client, &mut person, &back).await.unwrap();
    let form = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap();
    let identity = &form.identity;
    assert_eq!(identity.name(), Some("<b>사장 김"), "a name is a text of a stranger");
    assert_eq!(identity.emails().len(), 1);
    assert_eq!(identity.email().unwrap().address, "haru@icloud.example");
    assert!(identity.person().subject().starts_with("001234."));
    for broken in ["{", "[1]", "\u{0}", &"x".repeat(5_000)] {
        let mut person = Person::default();
        let back = forged(&scene.go(&mut person, "minji", &[]).await, &[("user", broken)]);
        let came = scene.come_back(&scene.client, &mut person, &back).await;
        assert_eq!(came.is_ok(), broken != "\u{0}", "a name is not worth a login: {broken:.9} {came:?}");
    }
}

#[tokio::test]
async fn rp_15_rp_01_what_is_posted_proves_nothing_without_the_cookies_of_the_browser() {
    let scene = Scene::of("apple").await;
    let came =
        async |person: &mut Person, back: &Back| match scene.come_back(&scene.client, person, back).await {
            Err(Error::Callback(error)) => error,
            other => panic!("{other:?}"),
        };
    let (mut owner, mut victim) = (Person::default(), Person::default());
    let back = scene.go(&mut owner, "haru", &[]).await;
    assert_eq!(came(&mut victim, &back).await, CallbackError::StateUnknown, "login CSRF: another browser");
    let other = scene.go(&mut victim, "minji", &[]).await;
    assert_eq!(came(&mut victim, &back).await, CallbackError::StateUnknown);
    for (state, error) in [("", CallbackError::StateMissing), ("x", CallbackError::StateUnknown)] {
        assert_eq!(came(&mut owner, &forged(&back, &[("state", state)])).await, error, "{state:?}");
    }
    let Back::Form(form) = &back else { panic!() };
    let without = Back::Form(form.replace("state=", "stage="));
    assert_eq!(came(&mut owner, &without).await, CallbackError::StateMissing);
    let twice = Back::Form(format!("{form}&state=x"));
    assert!(matches!(came(&mut owner, &twice).await, CallbackError::Response(_)));
    scene.come_back(&scene.client, &mut owner, &back).await.unwrap();
    assert!(scene.key(&owner).await.is_some());
    assert_eq!(came(&mut owner, &back).await, CallbackError::StateUnknown, "its cookie is gone");
    scene.come_back(&scene.client, &mut victim, &other).await.unwrap();
}

#[tokio::test]
async fn rp_15_an_answer_in_the_address_is_none_and_a_carried_one_is_this_vaults() {
    let scene = Scene::of("apple").await;
    let mut person = Person::default();
    let Back::Form(form) = scene.go(&mut person, "haru", &[]).await else { panic!() };
    let by_address = scene.client.callback("apple", Some(&form), &person.cookies.headers()).await;
    assert!(matches!(by_address, Err(Error::Callback(CallbackError::StateMissing))), "{by_address:?}");

    let posted = scene.client.posted("apple", form.as_bytes()).unwrap();
    let cookie = posted.cookies[0].to_str().unwrap().to_owned();
    assert!(
        cookie.starts_with("shop-3000-answer=") && cookie.contains("Max-Age=60; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let sent = Params::parse(form.as_bytes(), Limits::REQUEST).unwrap();
    let code = sent.one("code").unwrap().unwrap();
    assert!(!cookie.contains(code) && !posted.location.contains('?'), "the code is nowhere to be read");
    for forged in ["shop-3000-answer=", "shop-3000-answer=AAAA", &format!("shop-3000-answer=v1.{form}")] {
        let mut headers = person.cookies.headers();
        let all = format!("{}; {forged}", headers["cookie"].to_str().unwrap());
        headers.insert("cookie", all.parse().unwrap());
        let refused = scene.client.callback("apple", None, &headers).await;
        assert!(matches!(refused, Err(Error::Callback(CallbackError::StateMissing))), "{refused:?}");
    }
    let long = format!("code={}&state=x", "x".repeat(3_000));
    assert!(matches!(
        scene.client.posted("apple", long.as_bytes()),
        Err(Error::Callback(CallbackError::Malformed))
    ));
    let kakao = Scene::of("kakao").await;
    let refused = kakao.client.posted("kakao", form.as_bytes());
    assert!(matches!(refused, Err(Error::Callback(CallbackError::Malformed))), "Kakao does not post");
}

#[tokio::test]
async fn only_the_right_key_makes_secrets_that_apple_takes() {
    let scene = Scene::of("apple").await;
    let client = scene.again(&Setup { secret: Some("a.static.one"), ..Setup::default() });
    let refused = signed_in(&scene, &client).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::ClientSecret));
    // A secret lives for minutes and is made anew for as long as the service runs.
    for _ in 0..3 {
        signed_in(&scene, &scene.client).await.unwrap();
        scene.advance(200 * 86_400);
    }
    let definition = || Definition::named("apple").unwrap();
    let build = |registration: ClientRegistration| -> Result<Provider, ConfigurationError> {
        Provider::new(definition(), registration, ProviderSettings::new("apple"))
    };
    let registration = ClientRegistration::new("com.example.web", "https://shop.example/callback");
    let missing = build(registration.clone().with_credential("team_id", "TEAM000001")).unwrap_err();
    assert_eq!(missing.setting(), Setting::ClientSecret);
    assert!(missing.problem().contains("`team_id`, `key_id` and `private_key`"), "{missing}");
    assert!(
        build(registration.with_secret("made.by.hand")).is_ok(),
        "a secret that is made elsewhere is taken, too"
    );
}

async fn signed_in(scene: &Scene, client: &Client<User>) -> Result<String, Error> {
    scene.sign_in_by(client, &LoginRequest::new(), &mut Person::default(), ("haru", &[])).await
}

#[tokio::test]
async fn apple_is_asked_once_a_day_whether_somebody_is_still_there() {
    let scene = Scene::of("apple").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "haru", &[]).await.unwrap();
    let key = scene.key(&person).await.unwrap();
    let first = scene.client.access_token(&key).await.unwrap();
    for _ in 0..24 {
        scene.advance(3_600);
        assert!(scene.client.access_token(&key).await.unwrap().is(&first), "not within a day");
    }
    scene.advance(4 * 3_600);
    let second = scene.client.access_token(&key).await.unwrap();
    assert!(!second.is(&first));
    scene.advance(10 * 365 * 86_400);
    assert!(!scene.client.access_token(&key).await.unwrap().is(&second), "a refresh token lives for ever");
}

#[tokio::test]
async fn rp_03_a_posted_answer_stays_with_its_provider() {
    let folder = tempfile::tempdir().unwrap();
    let named = |name: &str| {
        let app =
            ClientRegistration::new("com.example.web", format!("http://localhost:3000/callback/{name}"));
        let definition = Definition::named("apple").unwrap().at("http://localhost:1");
        let settings = ProviderSettings::new(name).for_development();
        Provider::new(definition, app.with_secret("made.by.hand"), settings).unwrap()
    };
    let vault = Vault::open(folder.path().join("client.db")).unwrap();
    let client = Client::builder(vault, Users::default())
        .provider(named("one"))
        .provider(named("other"))
        .build()
        .unwrap();
    let mut browser = Browser::default();
    let started = client.login(&LoginRequest::new().with_provider("one"), &browser.headers()).await.unwrap();
    browser.take(&started.cookies);
    let asked =
        Params::parse(started.location.split_once('?').unwrap().1.as_bytes(), Limits::REQUEST).unwrap();
    assert_eq!(asked.one("response_mode").unwrap(), Some("form_post"));
    let answer = params::encode([("code", "c"), ("state", asked.one("state").unwrap().unwrap())]);
    for (posted_to, asked_of, error) in [
        ("other", "other", CallbackError::ProviderMismatch),
        ("one", "other", CallbackError::StateMissing),
        ("other", "one", CallbackError::StateMissing),
    ] {
        let mut browser = browser.clone();
        browser.take(&client.posted(posted_to, answer.as_bytes()).unwrap().cookies);
        let refused = client.callback(asked_of, None, &browser.headers()).await;
        assert!(
            matches!(&refused, Err(Error::Callback(found)) if *found == error),
            "{posted_to} {asked_of} {refused:?}"
        );
    }
}
