//! Whole drafts: what is kept of them, and everything that is wrong with them.

use mapae_protocol::{locale::Locale, redirect_uri::RegistrationError};

use super::*;

fn known() -> KnownScopes {
    KnownScopes::standard_and(["calendar.read", "calendar.write"])
}

fn web() -> Draft {
    Draft {
        name: "나의 서비스".to_owned(),
        homepage: "https://my.example".to_owned(),
        public: false,
        grants: Grants::sign_in(),
        redirect_uris: vec!["https://my.example/callback".to_owned()],
        origins: Vec::new(),
        items: usual_items(),
        metadata: Members::default(),
    }
}

fn item(scope: &str, required: bool, ko: &str, en: &str) -> AppScope {
    AppScope { scope: scope.to_owned(), required, purpose_ko: ko.to_owned(), purpose_en: en.to_owned() }
}

fn judge(draft: &Draft) -> Result<Registrable, Vec<Mistake>> {
    draft.judge(Surroundings { scopes: &known(), development: Development::No })
}

fn items_problems(items: Vec<AppScope>) -> Vec<Mistake> {
    judge(&Draft { items, ..web() }).unwrap_err()
}

#[test]
fn a_good_draft_is_kept_with_the_safe_choices() {
    let (settings, lists) = judge(&web()).unwrap().new_app("RS256");
    assert_eq!(settings.name, "나의 서비스");
    assert_eq!(settings.homepage.as_deref(), Some("https://my.example"));
    assert_eq!(settings.grant_types, "authorization_code refresh_token");
    assert_eq!(settings.subject_type, "pairwise");
    assert!(settings.pkce_required && settings.rotate_refresh && settings.icon.is_none());
    assert_eq!(lists.scopes, usual_items());
}

#[test]
fn a_change_keeps_what_nobody_was_asked() {
    let (before, _) = judge(&web()).unwrap().new_app("ES256");
    let before = AppSettings {
        icon: Some("/icons/x".to_owned()),
        token_endpoint_auth_method: Some("client_secret_basic".to_owned()),
        pkce_required: false,
        ..before
    };
    let (after, _) = judge(&Draft { name: "새 이름".to_owned(), ..web() }).unwrap().changed(&before);
    assert_eq!(after, AppSettings { name: "새 이름".to_owned(), ..before.clone() });
    let (public, _) = judge(&Draft { public: true, ..web() }).unwrap().changed(&before);
    assert_eq!(public.token_endpoint_auth_method, None, "a public app cannot send a secret");
}

#[test]
fn everything_that_is_wrong_is_found_at_once() {
    let draft = Draft {
        name: "  ".to_owned(),
        homepage: "javascript:alert(1)".to_owned(),
        public: true,
        grants: Grants::restore("authorization_code client_credentials"),
        redirect_uris: vec!["https://a.example/cb".to_owned(), "http://a.example/cb".to_owned()],
        origins: vec!["https://a.example/".to_owned()],
        items: vec![item("calender.read", true, "", "")],
        metadata: Members::default(),
    };
    let refused = RedirectUrisProblem::Refused { position: 1, error: RegistrationError::PlainHttp };
    assert_eq!(
        judge(&draft).unwrap_err(),
        [
            Mistake::Name(NameMistake::Missing),
            Mistake::Homepage(HomepageProblem::NotHttps),
            Mistake::Grants(GrantsProblem::PublicMachine),
            Mistake::RedirectUris(refused),
            Mistake::Origins(OriginsProblem::NotAnOrigin { position: 0 }),
            Mistake::Items(ItemsProblem::Scope { position: 0, why: ScopeProblem::Unknown }),
        ]
    );
}

#[test]
fn ad_04_the_kind_of_an_app_decides_about_its_addresses() {
    let native = Draft {
        public: true,
        redirect_uris: vec!["com.example.app:/cb".to_owned(), "http://127.0.0.1/cb".to_owned()],
        ..web()
    };
    assert!(judge(&native).is_ok());
    let confidential = judge(&Draft { public: false, ..native }).unwrap_err();
    let errors = [RegistrationError::PrivateUseSchemeNotAllowed, RegistrationError::LoopbackNotAllowed];
    let expected = [0, 1].map(|position| {
        Mistake::RedirectUris(RedirectUrisProblem::Refused { position, error: errors[position] })
    });
    assert_eq!(confidential, expected);
}

#[test]
fn a_machine_has_scopes_of_apis_and_no_addresses() {
    let machine = Draft {
        grants: Grants::restore("client_credentials"),
        redirect_uris: Vec::new(),
        items: vec![item("calendar.read", true, "", "")],
        ..web()
    };
    let (settings, lists) = judge(&machine).unwrap().new_app("RS256");
    assert_eq!((settings.grant_types.as_str(), lists.scopes.len()), ("client_credentials", 1));
    let wrong = Draft {
        redirect_uris: web().redirect_uris,
        origins: vec!["https://a.example".to_owned()],
        items: vec![item("profile", true, "", "")],
        ..machine.clone()
    };
    assert_eq!(
        judge(&wrong).unwrap_err(),
        [
            Mistake::RedirectUris(RedirectUrisProblem::OfMachine),
            Mistake::Origins(OriginsProblem::OfMachine),
            Mistake::Items(ItemsProblem::Scope { position: 0, why: ScopeProblem::AboutAPerson }),
        ]
    );
    let idle = judge(&Draft { items: Vec::new(), ..machine }).unwrap_err();
    assert_eq!(idle, [Mistake::Items(ItemsProblem::Missing)]);
}

#[test]
fn openid_is_always_there_and_always_required() {
    let (_, lists) = judge(&Draft { items: Vec::new(), ..web() }).unwrap().new_app("RS256");
    assert_eq!(lists.scopes, [item("openid", true, "", "")]);
    let why = |why| vec![Mistake::Items(ItemsProblem::Scope { position: 0, why })];
    assert_eq!(items_problems(vec![item("openid", false, "", "")]), why(ScopeProblem::OpenIdIsRequired));
    let draft = Draft {
        grants: Grants::restore("authorization_code"),
        items: vec![item("offline_access", false, "", "")],
        ..web()
    };
    assert_eq!(judge(&draft).unwrap_err(), why(ScopeProblem::NothingToRefresh));
}

#[test]
fn the_same_twice_is_once_and_a_contradiction_is_none() {
    let read = |required| item("calendar.read", required, "", "");
    let (_, lists) = judge(&Draft { items: vec![read(true), read(true)], ..web() }).unwrap().new_app("RS256");
    assert_eq!(lists.scopes.len(), 2, "openid and calendar.read");
    let why = ScopeProblem::Contradiction;
    assert_eq!(
        items_problems(vec![read(true), read(false)]),
        [Mistake::Items(ItemsProblem::Scope { position: 1, why })]
    );
    let uris = Draft { redirect_uris: vec!["https://a.example/".to_owned(); 2], ..web() };
    assert_eq!(judge(&uris).unwrap().new_app("RS256").1.redirect_uris.len(), 1);
}

#[test]
fn purposes_are_there_for_everybody_or_for_nobody() {
    let wrong = |ko: &str, en: &str| {
        let found =
            judge(&Draft { items: vec![item("email", false, ko, en)], ..web() }).err().unwrap_or_default();
        let problem = |mistake| match mistake {
            Mistake::Items(ItemsProblem::Purpose { language, why, .. }) => (language, why),
            other => panic!("{other:?}"),
        };
        found.into_iter().map(problem).collect::<Vec<_>>()
    };
    assert_eq!(wrong("", ""), []);
    assert_eq!(wrong(" 알림을 보내요 ", "Sends reminders"), []);
    assert_eq!(wrong("", "Sends reminders"), [(Locale::Ko, PurposeProblem::Missing)]);
    assert_eq!(wrong("알림", " "), [(Locale::En, PurposeProblem::Missing)]);
    assert_eq!(wrong(&"가".repeat(121), "x"), [(Locale::Ko, PurposeProblem::TooLong(120))]);
    assert_eq!(wrong("알림", "a\nb"), [(Locale::En, PurposeProblem::Malformed)]);
}

#[test]
fn lists_are_bounded() {
    let uri = |n: usize| format!("https://a.example/{n}");
    let uris = |count| Draft { redirect_uris: (0..count).map(uri).collect(), ..web() };
    assert!(judge(&uris(32)).is_ok());
    let too_many = [Mistake::RedirectUris(RedirectUrisProblem::TooMany(32))];
    assert_eq!(judge(&uris(33)).unwrap_err(), too_many);
    assert_eq!(judge(&uris(3_200)).unwrap_err(), too_many);
    let none = Draft { redirect_uris: Vec::new(), ..web() };
    assert_eq!(judge(&none).unwrap_err(), [Mistake::RedirectUris(RedirectUrisProblem::Missing)]);
    let origins = Draft { origins: (0..33).map(|n| format!("https://a{n}.example")).collect(), ..web() };
    assert_eq!(judge(&origins).unwrap_err(), [Mistake::Origins(OriginsProblem::TooMany(32))]);
    let scopes: Vec<String> = (0..64).map(|n| format!("api.{n}")).collect();
    let known = KnownScopes::standard_and(scopes.iter().map(String::as_str));
    let many = Draft { items: scopes.iter().map(|scope| item(scope, false, "", "")).collect(), ..web() };
    let judged = many.judge(Surroundings { scopes: &known, development: Development::No });
    assert_eq!(judged.unwrap_err(), [Mistake::Items(ItemsProblem::TooMany(64))], "openid is one more");
}
