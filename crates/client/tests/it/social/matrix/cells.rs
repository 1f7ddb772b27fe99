//! One function for each outcome, for whatever provider.

use http::StatusCode;
use mapae_client::{AccessError, Class, Locale, LoginRequest, Setting};
use mapae_simulators::{Command, FaultKind, Tokens};

use super::{
    Facts, Refusing,
    visit::{LANGUAGES, Visit},
};
use crate::social::{
    notices::listening,
    scene::{Person, Setup},
};

const RESTART: (&str, &str) = ("처음부터 다시 로그인하세요.", "Please start again.");
const CONFIGURATION: (&str, &str) =
    ("이 서비스의 로그인 설정이 잘못되었습니다.", "Signing in is not set up correctly on this service.");

pub(super) async fn first_login(facts: &Facts) {
    let visit = Visit::to(facts).await;
    let mut person = Person::default();
    let arrived = visit.log_in(&mut person, facts.name, &[]).await;
    assert_eq!(
        (arrived.status, arrived.location.as_deref()),
        (StatusCode::SEE_OTHER, Some("/sign-up")),
        "a clean address"
    );
    assert_eq!(visit.scene.users.count(), 0, "nothing is kept before the person agrees");
    visit.is_out(&mut person).await;
    for (language, words) in LANGUAGES.into_iter().zip(["가입하기", "Sign up"]) {
        let form = visit.open(&mut person, "/sign-up", language).await;
        assert_eq!(form.status, StatusCode::OK);
        assert!(form.body.contains(words) && form.body.contains("name=\"nickname\""), "{}", form.body);
    }
    let identity = visit.scene.client.sign_up_form(&person.cookies.headers()).await.unwrap().identity;
    assert_eq!(identity.person().issuer(), visit.scene.simulator.base_url());
    assert_eq!(visit.sign_up(&mut person).await.location.as_deref(), Some("/"));
    visit.is_in(&mut person).await;
    assert_eq!(visit.scene.users.count(), 1);
}

pub(super) async fn second_login(facts: &Facts) {
    let visit = Visit::to(facts).await;
    let person = visit.member(facts).await;
    let mut elsewhere = Person::default();
    assert_eq!(visit.log_in(&mut elsewhere, facts.name, &[]).await.location.as_deref(), Some("/"));
    visit.is_in(&mut elsewhere).await;
    assert_eq!(visit.scene.key(&elsewhere).await, visit.scene.key(&person).await);
    assert_eq!(visit.scene.users.count(), 1);
}

pub(super) async fn refused_item(facts: &Facts) {
    let visit = Visit::to(facts).await;
    let mut person = Person::default();
    let items = match facts.refusing {
        Refusing::Relay(choice) => vec![choice],
        Refusing::Item(_) | Refusing::Scope(_) => Vec::new(),
    };
    assert_eq!(visit.log_in(&mut person, facts.name, &items).await.location.as_deref(), Some("/sign-up"));
    let scene = &visit.scene;
    let identity = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap().identity;
    let email = identity.email();
    match facts.refusing {
        Refusing::Item(item) => {
            assert!(email.is_none(), "{email:?}");
            let again = LoginRequest::new().asking_for([item]);
            scene.sign_in_by(&scene.client, &again, &mut person, (facts.name, &[item])).await.unwrap();
            let form = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap();
            assert!(form.identity.email().is_some(), "asked again, and agreed to");
        }
        Refusing::Scope(scope) => {
            assert!(email.is_some_and(|email| email.is_verified()));
            assert_eq!(identity.granted_items(), ["email", "profile"], "by the names that were asked for");
            assert_eq!(identity.refused_items(), [scope]);
            let again = LoginRequest::new().asking_for(identity.refused_items());
            scene.sign_in_by(&scene.client, &again, &mut person, (facts.name, &[scope])).await.unwrap();
            let identity = scene.client.sign_up_form(&person.cookies.headers()).await.unwrap().identity;
            assert!(identity.granted_items().contains(&scope.to_owned()), "asked again, and agreed to");
            assert!(identity.refused_items().is_empty(), "{:?}", identity.refused_items());
        }
        Refusing::Relay(_) => assert!(email.is_some_and(|email| email.is_relay)),
    }
    assert_eq!(visit.sign_up(&mut person).await.location.as_deref(), Some("/"));
    visit.is_in(&mut person).await;
}

pub(super) async fn cancelled(facts: &Facts) {
    let visit = Visit::to(facts).await;
    for language in LANGUAGES {
        let mut person = Person::default();
        let back = visit.go(&mut person, facts.name, &["cancel"]).await;
        let shown = visit.come_back(&mut person, &back, language).await;
        Visit::says(&shown, 400, language, ("로그인을 취소했습니다.", "You cancelled signing in."));
        visit.is_out(&mut person).await;
    }
    assert_eq!(visit.scene.users.count(), 0);
}

pub(super) async fn expired_code(facts: &Facts) {
    let visit = Visit::to(facts).await;
    for language in LANGUAGES {
        let mut person = Person::default();
        let back = visit.go(&mut person, facts.name, &[]).await;
        let expire = Command::Expire { tokens: Tokens::Codes, person: None };
        visit.scene.simulator.control(expire).await.unwrap();
        let shown = visit.come_back(&mut person, &back, language).await;
        Visit::says(&shown, 400, language, RESTART);
        visit.is_out(&mut person).await;
        let again = visit.log_in(&mut person, facts.name, &[]).await;
        assert_eq!(again.location.as_deref(), Some("/sign-up"), "a new attempt works");
    }
}

pub(super) async fn wrong_secret(facts: &Facts) {
    let visit = Visit::to(facts).await;
    let setup = || Setup { secret: Some("not.the.secret"), ..Setup::default() };
    let client = visit.scene.again(&setup());
    let visit = visit.set_up(setup()).await;
    for language in LANGUAGES {
        let mut person = Person::default();
        let back = visit.go(&mut person, facts.name, &[]).await;
        let shown = visit.come_back(&mut person, &back, language).await;
        Visit::says(&shown, 500, language, CONFIGURATION);
        visit.is_out(&mut person).await;
    }
    // Whoever runs the service learns from the error of a login what to set, and where.
    let (plain, mut person) = (LoginRequest::new(), Person::default());
    let refused = visit.scene.sign_in_by(&client, &plain, &mut person, (facts.name, &[])).await.unwrap_err();
    let Class::Configuration(setting) = refused.class() else { panic!("{refused:?}") };
    assert_eq!(setting, Setting::ClientSecret);
    for language in LANGUAGES {
        let advice = client.providers()[0].advice(setting, language);
        assert!(advice.contains(" > "), "the way through the provider's console: {advice}");
    }
    assert_eq!(visit.scene.users.count(), 0);
}

pub(super) async fn wrong_redirect_uri(facts: &Facts) {
    const ELSEWHERE: &str = "http://localhost:3000/elsewhere";
    let visit = Visit::to(facts).await;
    let setup = || Setup { redirect_uri: ELSEWHERE, ..Setup::default() };
    let client = visit.scene.again(&setup());
    let visit = visit.set_up(setup()).await;
    let mut person = Person::default();
    let button = visit.button(&mut person).await;
    let page = person.open(&button).await;
    assert!(
        page.location.is_none(),
        "nobody is sent to an address that is not registered: {:?}",
        page.location
    );
    assert!(!page.has(&format!("login-as-{}", facts.name)) && !page.has("consent-approve"), "{}", page.body);
    // It stops there, on the provider's own page; whoever runs the service learns here what to register, and where.
    for language in LANGUAGES {
        let advice = client.providers()[0].advice(Setting::RedirectUri, language);
        assert!(advice.contains(" > ") && advice.ends_with(ELSEWHERE), "{advice}");
    }
    visit.is_out(&mut person).await;
}

pub(super) async fn provider_down(facts: &Facts) {
    let mut visit = Visit::to(facts).await;
    for (how, language) in [
        (FaultKind::Stall, Locale::Ko),
        (FaultKind::Error, Locale::En),
        (FaultKind::Garbage, Locale::En),
        (FaultKind::Huge, Locale::Ko),
        (FaultKind::Redirect, Locale::En),
    ] {
        let mut person = Person::default();
        let back = visit.go(&mut person, facts.name, &[]).await;
        let path = Some(facts.token_path.to_owned());
        let fail = Command::Fail { how, path, code: None, seconds: None, times: None };
        visit.scene.simulator.control(fail).await.unwrap();
        let shown = match how {
            FaultKind::Stall => visit.come_back_in_vain(&mut person, &back, language).await,
            _ => visit.come_back(&mut person, &back, language).await,
        };
        let words = ("지금은 로그인할 수 없습니다.", "Signing in is not possible right now.");
        Visit::says(&shown, 502, language, words);
        visit.is_out(&mut person).await;
        visit.scene.simulator.control(Command::Mend {}).await.unwrap();
    }
    visit.scene.advance(10);
    visit.member(facts).await;
}

pub(super) async fn refresh(facts: &Facts) {
    let visit = Visit::to(facts).await;
    let person = visit.member(facts).await;
    let key = visit.scene.key(&person).await.unwrap();
    let first = visit.scene.client.access_token(&key).await.unwrap();
    assert!(visit.scene.client.access_token(&key).await.unwrap().is(&first), "not before it is due");
    visit.scene.advance(facts.due);
    let second = visit.scene.client.access_token(&key).await.unwrap();
    assert!(!second.is(&first));
    visit.scene.advance(facts.due);
    assert!(!visit.scene.client.access_token(&key).await.unwrap().is(&second), "and once more");
}

pub(super) async fn dead_refresh(facts: &Facts) {
    let visit = Visit::to(facts).await;
    let mut person = visit.member(facts).await;
    let key = visit.scene.key(&person).await.unwrap();
    let expire = Command::Expire { tokens: Tokens::All, person: None };
    visit.scene.simulator.control(expire).await.unwrap();
    visit.scene.advance(facts.due);
    let refused = visit.scene.client.access_token(&key).await.unwrap_err();
    assert!(matches!(refused, AccessError::SignInAgain), "{refused:?}");
    visit.is_out(&mut person).await;
    assert_eq!(
        visit.log_in(&mut person, facts.name, &[]).await.location.as_deref(),
        Some("/"),
        "the account stayed"
    );
    visit.scene.client.access_token(&key).await.unwrap();
    visit.is_in(&mut person).await;
}

pub(super) async fn unlinked_by_us(facts: &Facts) {
    let visit = Visit::to(facts).await;
    let mut person = visit.member(facts).await;
    let key = visit.scene.key(&person).await.unwrap();
    assert!(visit.scene.client.unlink(&key).await.unwrap(), "the provider was told");
    visit.is_out(&mut person).await;
    let refused = visit.scene.client.access_token(&key).await.unwrap_err();
    assert!(matches!(refused, AccessError::SignInAgain), "{refused:?}");
    // There the person is asked as at the first time: who says no now is not in.
    let back = visit.go(&mut person, facts.name, &["cancel"]).await;
    assert_eq!(visit.come_back(&mut person, &back, Locale::Ko).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(visit.log_in(&mut person, facts.name, &[]).await.location.as_deref(), Some("/"));
    assert_eq!(visit.scene.users.count(), 1, "the account stayed");
}

pub(super) async fn unlinked_by_them(facts: &Facts) {
    let visit = Visit::to(facts).await;
    listening(&visit.scene, facts.id, facts.notice, "POST").await;
    let mut person = visit.member(facts).await;
    let key = visit.scene.key(&person).await.unwrap();
    visit.scene.simulator.control(Command::unlink(facts.name)).await.unwrap();
    visit.is_out(&mut person).await;
    let refused = visit.scene.client.access_token(&key).await.unwrap_err();
    assert!(matches!(refused, AccessError::SignInAgain), "{refused:?}");
    assert_eq!(visit.log_in(&mut person, facts.name, &[]).await.location.as_deref(), Some("/"));
    assert_eq!(visit.scene.users.count(), 1, "the account stayed");
}
