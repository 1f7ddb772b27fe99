//! 카카오 로그인, from the button to the unlinking.

use mapae_client::{
    AccessError, Class, Error, Identity, Locale, LoginError, LoginRequest, ProviderError, Setting,
};
use mapae_simulators::{App, Command, FaultKind, ServiceTerm};

use super::scene::{Person, Scene, Setup};
use crate::website::{PATIENCE, http_client};

#[tokio::test]
async fn a_new_person_signs_up_and_is_in_at_once_the_next_time() {
    let scene = Scene::with("kakao", Setup { sign_up: true, ..Setup::default() }).await;
    let mut person = Person::default();
    let location = scene.sign_in(&mut person, "ryan", &["account_email", "phone_number"]).await.unwrap();
    assert_eq!(location, "/sign-up");
    let form = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap();
    let identity = &form.identity;
    assert_eq!(identity.person().subject(), "1376016924429759228", "a number beyond 2⁵³");
    assert_eq!(identity.person().issuer(), scene.simulator.base_url());
    assert_eq!((identity.nickname(), identity.phone()), (Some("라이언"), Some("+821012345678")));
    let email = identity.email().unwrap();
    assert!(email.address == "ryan@example.test" && email.is_verified());
    assert!(identity.refused_items().contains(&"gender".to_owned()), "{:?}", identity.refused_items());
    assert!(identity.gender().is_none() && identity.auth_time().is_some());
    scene.sign_up(&mut person).await;
    assert!(scene.key(&person).await.is_some());

    let mut elsewhere = Person::default();
    assert_eq!(scene.sign_in(&mut elsewhere, "ryan", &[]).await.unwrap(), "/");
    assert_eq!((scene.users.count(), scene.key(&elsewhere).await), (1, scene.key(&person).await));
}

#[tokio::test]
async fn without_openid_the_same_person_is_the_same_person() {
    let scene = Scene::of("kakao").await;
    let (mut with, mut without) = (Person::default(), Person::default());
    scene.sign_in(&mut with, "ryan", &[]).await.unwrap();
    let client = scene.again(&Setup { openid: false, ..Setup::default() });
    scene.sign_in_by(&client, &LoginRequest::new(), &mut without, ("ryan", &[])).await.unwrap();
    assert_eq!(scene.key(&with).await, scene.key(&without).await);
    assert_eq!(scene.users.count(), 1);
}

#[tokio::test]
async fn rp_11_without_the_profile_the_same_person_is_the_same_person() {
    let scene = Scene::of("kakao").await;
    let (mut with, mut without) = (Person::default(), Person::default());
    scene.sign_in(&mut with, "ryan", &[]).await.unwrap();
    // Whoever asked for it would not come in.
    let path = Some("/v2/user/me".to_owned());
    let fail = Command::Fail { how: FaultKind::Garbage, path, code: None, seconds: None, times: None };
    scene.simulator.control(fail).await.unwrap();
    let client = scene.again(&Setup { user_info: false, ..Setup::default() });
    scene.sign_in_by(&client, &LoginRequest::new(), &mut without, ("ryan", &[])).await.unwrap();
    let key = scene.key(&without).await;
    assert_eq!(
        key.as_ref().map(|key| key.subject()),
        Some("1376016924429759228"),
        "the digits of the number"
    );
    assert_eq!((scene.key(&with).await, scene.users.count()), (key, 1));
}

#[tokio::test]
async fn an_app_whose_openid_is_switched_off_is_no_outage() {
    let scene = Scene::of("kakao").await;
    let app = App { oidc: false, ..scene.simulator.app() };
    scene.simulator.control(Command::App(Box::new(app))).await.unwrap();
    let refused = scene.sign_in(&mut Person::default(), "ryan", &[]).await.unwrap_err();
    assert!(matches!(refused, Error::Provider(ProviderError::OpenIdSwitchedOff)), "{refused:?}");
    assert_eq!(refused.class(), Class::Configuration(Setting::Registration));
    let advice = scene.client.providers()[0].advice(Setting::Registration, Locale::En);
    assert!(advice.contains("Kakao Login") && advice.contains("OpenID Connect"), "{advice}");
    let client = scene.again(&Setup { openid: false, ..Setup::default() });
    let mut person = Person::default();
    scene.sign_in_by(&client, &LoginRequest::new(), &mut person, ("ryan", &[])).await.unwrap();
}

#[tokio::test]
async fn rp_11_no_address_an_unverified_one_and_one_that_was_taken_over() {
    let scene = Scene::with("kakao", Setup { sign_up: true, ..Setup::default() }).await;
    for (name, address) in
        [("muzi", None), ("apeach", Some("apeach@example.test")), ("frodo", Some("frodo@example.test"))]
    {
        let mut person = Person::default();
        scene.sign_in(&mut person, name, &["account_email"]).await.unwrap();
        let form = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap();
        let email = form.identity.email();
        assert_eq!(email.as_ref().map(|email| email.address.as_str()), address, "{name}");
        assert!(!email.is_some_and(|email| email.is_verified()), "{name}");
    }
}

#[tokio::test]
async fn a_lunar_birthday_is_not_told_as_a_day() {
    let scene = Scene::with("kakao", Setup { sign_up: true, ..Setup::default() }).await;
    for (name, date) in [("frodo", None), ("ryan", Some("1998-04-13"))] {
        let mut person = Person::default();
        scene.sign_in(&mut person, name, &["birthday", "birthyear"]).await.unwrap();
        let identity = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap().identity;
        assert_eq!(identity.claims().get("birthdate").and_then(|date| date.as_str()), date, "{name}");
        assert_eq!(identity.birth_date().is_some(), date.is_some(), "{name}");
    }
}

#[tokio::test]
async fn who_refused_an_item_can_be_asked_again() {
    let scene = Scene::with("kakao", Setup { sign_up: true, ..Setup::default() }).await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "ryan", &[]).await.unwrap();
    let form = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap();
    assert!(
        form.identity.email().is_none()
            && form.identity.refused_items().contains(&"account_email".to_owned())
    );
    let request = LoginRequest::new().asking_for(["account_email"]);
    let again = scene.sign_in_by(&scene.client, &request, &mut person, ("ryan", &["account_email"])).await;
    assert_eq!(again.unwrap(), "/sign-up");
    let form = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap();
    assert_eq!(form.identity.email().unwrap().address, "ryan@example.test");
}

#[tokio::test]
async fn a_wrong_secret_names_the_place_in_kakaos_console() {
    let scene = Scene::of("kakao").await;
    let client = scene.again(&Setup { secret: Some("wrong"), ..Setup::default() });
    let mut person = Person::default();
    let refused =
        scene.sign_in_by(&client, &LoginRequest::new(), &mut person, ("ryan", &[])).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::ClientSecret));
    let provider = &client.providers()[0];
    let advice = provider.advice(Setting::ClientSecret, Locale::Ko);
    assert!(advice.contains("클라이언트 시크릿") && advice.contains("KOE010"), "{advice}");
    let advice = provider.advice(Setting::RedirectUri, Locale::Ko);
    assert!(advice.contains("KOE006") && advice.ends_with("http://localhost:3000/callback"), "{advice}");
    assert!(scene.key(&person).await.is_none());
}

#[tokio::test]
async fn cancelled_expired_and_used_codes() {
    let scene = Scene::of("kakao").await;
    let mut person = Person::default();
    let refused = scene.sign_in(&mut person, "ryan", &["cancel"]).await.unwrap_err();
    assert_eq!(refused.class(), Class::Cancelled);
    let back = scene.go(&mut person, "ryan", &[]).await;
    let expire = Command::Expire { tokens: mapae_simulators::Tokens::Codes, person: None };
    scene.simulator.control(expire).await.unwrap();
    let refused = scene.come_back(&scene.client, &mut person, &back).await.unwrap_err();
    assert_eq!(refused.class(), Class::Restart, "{refused:?}");
    assert_eq!(scene.users.count(), 0);
    scene.sign_in(&mut person, "ryan", &[]).await.unwrap();
}

#[tokio::test]
async fn refreshed_by_kakaos_own_rules_until_it_is_dead() {
    let scene = Scene::of("kakao").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "ryan", &[]).await.unwrap();
    let key = scene.key(&person).await.unwrap();
    let mut last = scene.client.access_token(&key).await.unwrap();
    // Each refresh brings an access token; a refresh token comes along only in the last month of the old one's two.
    for days in [1, 10, 25, 25, 25] {
        scene.advance(days * 86_400);
        let next = scene.client.access_token(&key).await.unwrap();
        assert!(!next.is(&last), "after {days} more days");
        last = next;
    }
    scene.advance(70 * 86_400);
    assert!(matches!(scene.client.access_token(&key).await, Err(AccessError::SignInAgain)));
    assert!(scene.key(&person).await.is_none());
    scene.sign_in(&mut person, "ryan", &[]).await.unwrap();
    scene.client.access_token(&key).await.unwrap();
}

#[tokio::test]
async fn unlinked_from_our_side_the_tokens_die_there_and_are_forgotten_here() {
    let scene = Scene::of("kakao").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "ryan", &[]).await.unwrap();
    let key = scene.key(&person).await.unwrap();
    let token = scene.client.access_token(&key).await.unwrap();
    assert!(scene.client.unlink(&key).await.unwrap(), "Kakao was told");
    assert!(scene.key(&person).await.is_none());
    assert!(matches!(scene.client.access_token(&key).await, Err(AccessError::SignInAgain)));
    let me = http_client().get(format!("{}/v2/user/me", scene.simulator.base_url()));
    assert_eq!(me.bearer_auth(token.expose()).send().await.unwrap().status(), 401, "dead at Kakao");
    assert!(!scene.client.unlink(&key).await.unwrap(), "once more changes nothing");
    scene.sign_in(&mut person, "ryan", &[]).await.unwrap();
    assert_eq!(scene.users.count(), 1, "the account stayed");
}

#[tokio::test]
async fn a_link_that_kakao_does_not_call_over_is_kept() {
    let scene = Scene::of("kakao").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "ryan", &[]).await.unwrap();
    let key = scene.key(&person).await.unwrap();
    let token = scene.client.access_token(&key).await.unwrap();
    let fail = async |code: &str| {
        scene.simulator.control(Command::fail("/v1/user/unlink", code)).await.unwrap();
        scene.client.unlink(&key).await
    };
    for code in ["-1", "-2", "-10", "-402", "-406"] {
        let refused = fail(code).await;
        assert!(matches!(refused, Err(AccessError::Unavailable(_))), "{code} {refused:?}");
        assert!(scene.key(&person).await.is_some(), "{code}");
        assert!(scene.client.access_token(&key).await.unwrap().is(&token), "{code}");
    }
    for code in ["-101", "-103", "-401"] {
        assert!(!fail(code).await.unwrap(), "{code}");
        assert!(scene.key(&person).await.is_none(), "{code}");
        scene.sign_in(&mut person, "ryan", &[]).await.unwrap();
    }
    assert!(scene.client.unlink(&key).await.unwrap() && !scene.is_linked("ryan").await);
}

#[tokio::test]
async fn rp_23_unlinked_from_their_side_the_person_signs_in_again() {
    let scene = Scene::of("kakao").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "ryan", &[]).await.unwrap();
    let key = scene.key(&person).await.unwrap();
    let token = scene.client.access_token(&key).await.unwrap();
    scene.simulator.control(Command::unlink("ryan")).await.unwrap();
    let refused = scene.client.after_unauthorized(&key, &token).await.unwrap_err();
    assert!(matches!(refused, AccessError::SignInAgain), "{refused:?}");
    assert!(scene.key(&person).await.is_none());
}

#[tokio::test]
async fn rp_18_kakao_down_makes_no_session_and_is_over_when_it_is() {
    let scene = Scene::of("kakao").await;
    let impatient = scene.again(&Setup { patience: Some(PATIENCE), ..Setup::default() });
    for how in [FaultKind::Stall, FaultKind::Garbage, FaultKind::Huge, FaultKind::Redirect] {
        for path in ["/oauth/token", "/v2/user/me"] {
            let mut person = Person::default();
            let back = scene.go(&mut person, "ryan", &[]).await;
            let fail =
                Command::Fail { how, path: Some(path.to_owned()), code: None, seconds: None, times: None };
            scene.simulator.control(fail).await.unwrap();
            let client = if how == FaultKind::Stall { &impatient } else { &scene.client };
            let refused = scene.come_back(client, &mut person, &back).await.unwrap_err();
            assert_eq!(refused.class(), Class::Unavailable, "{how:?} {path} {refused:?}");
            assert!(matches!(refused, Error::Provider(_)) && scene.key(&person).await.is_none());
            scene.simulator.control(Command::Mend {}).await.unwrap();
        }
    }
    scene.advance(10);
    scene.sign_in(&mut Person::default(), "ryan", &[]).await.unwrap();
}

/// Kakao Sync: the app has terms of its own.
async fn with_terms(scene: &Scene) {
    let terms = vec![
        ServiceTerm::required("service_2026", "이용약관"),
        ServiceTerm::required("privacy_2026", "개인정보 수집·이용"),
        ServiceTerm::optional("news", "소식 받기"),
    ];
    let app = App { terms, ..scene.simulator.app() };
    scene.simulator.control(Command::App(Box::new(app))).await.unwrap();
}

/// Tags, and whether they are agreed to.
fn said(identity: &Identity) -> Vec<(&str, bool)> {
    identity.provider_terms().iter().map(|term| (term.tag.as_str(), term.agreed)).collect()
}

#[tokio::test]
async fn terms_that_were_agreed_to_on_kakaos_page_are_read_and_missing_ones_asked_again() {
    let scene = Scene::with("kakao", Setup { sign_up: true, terms: Some(&[]), ..Setup::default() }).await;
    with_terms(&scene).await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "ryan", &["term:news"]).await.unwrap();
    let identity = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap().identity;
    assert_eq!(said(&identity), [("service_2026", true), ("privacy_2026", true), ("news", true)]);
    let news = &identity.provider_terms()[2];
    assert!(!news.required && news.agreed_at.is_some_and(|at| at.unix() == scene.clock.unix()), "{news:?}");

    // Of a service that selects, nobody has agreed to the rest.
    let selects = Setup { sign_up: true, terms: Some(&["service_2026", "news"]), ..Setup::default() };
    let client = scene.again(&selects);
    let mut other = Person::default();
    let plain = LoginRequest::new();
    scene.sign_in_by(&client, &plain, &mut other, ("muzi", &[])).await.unwrap();
    let identity = client.sign_up_form(&other.cookies.headers()).await.unwrap().identity;
    assert_eq!(said(&identity), [("service_2026", true), ("privacy_2026", false), ("news", false)]);
    let open: Vec<String> = identity.open_terms().map(|term| term.tag.clone()).collect();
    assert_eq!(open, ["privacy_2026", "news"]);
    let again = LoginRequest::new().asking_for(["account_email"]).asking_for_terms(open);
    let items = ("muzi", &["term:news", "account_email"][..]);
    scene.sign_in_by(&client, &again, &mut other, items).await.unwrap();
    let identity = client.sign_up_form(&other.cookies.headers()).await.unwrap().identity;
    assert_eq!(said(&identity), [("service_2026", true), ("privacy_2026", true), ("news", true)]);
    assert!(
        identity.granted_items().is_empty()
            && !identity.refused_items().contains(&"account_email".to_owned())
    );
    assert!(identity.open_terms().count() == 0 && identity.terms_are_known());
}

#[tokio::test]
async fn terms_that_nobody_can_read_end_no_login_and_prove_nothing() {
    let scene = Scene::with("kakao", Setup { sign_up: true, terms: Some(&[]), ..Setup::default() }).await;
    with_terms(&scene).await;
    for how in [FaultKind::Garbage, FaultKind::Huge, FaultKind::Redirect] {
        let path = Some("/v2/user/service_terms".to_owned());
        let fail = Command::Fail { how, path, code: None, seconds: None, times: None };
        scene.simulator.control(fail).await.unwrap();
        let mut person = Person::default();
        assert_eq!(scene.sign_in(&mut person, "ryan", &[]).await.unwrap(), "/sign-up", "{how:?}");
        let identity = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap().identity;
        assert!(!identity.terms_are_known() && identity.open_terms().count() == 0, "{how:?}");
        assert!(identity.provider_terms().is_empty() && identity.nickname().is_some(), "{how:?}");
        scene.simulator.control(Command::Mend {}).await.unwrap();
    }
    // Who does not read them asks nobody, and cannot ask for them.
    let client = scene.again(&Setup { sign_up: true, ..Setup::default() });
    let mut person = Person::default();
    scene.sign_in_by(&client, &LoginRequest::new(), &mut person, ("ryan", &[])).await.unwrap();
    assert!(
        client.sign_up_form(&person.cookies.headers()).await.unwrap().identity.provider_terms().is_empty()
    );
    let refused =
        client.login(&LoginRequest::new().asking_for_terms(["news"]), &person.cookies.headers()).await;
    assert!(matches!(refused, Err(Error::Login(LoginError::Malformed))), "{refused:?}");
    for hostile in ["a,b", "", "a b", "a\n"] {
        let refused = scene
            .client
            .login(&LoginRequest::new().asking_for_terms([hostile]), &person.cookies.headers())
            .await;
        assert!(matches!(refused, Err(Error::Login(LoginError::Malformed))), "{hostile:?} {refused:?}");
    }
}
