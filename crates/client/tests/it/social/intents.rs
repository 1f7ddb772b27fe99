//! What a login is for, at every simulated provider: one test for each intent, by what the definition says it can.

use std::collections::BTreeMap;

use http::StatusCode;
use mapae_client::{Class, Error, Intent, Locale, LoginRequest};
use mapae_simulators::Command;
use url::Url;

use super::scene::{Person, Scene};

/// How the providers differ, as far as these tests must know.
struct Facts {
    id: &'static str,
    /// Somebody who is signed in there, and somebody else.
    people: [&'static str; 2],
    /// An item that can be refused and asked for again.
    item: &'static str,
}

const KAKAO: Facts = Facts { id: "kakao", people: ["ryan", "minji"], item: "account_email" };
const NAVER: Facts = Facts { id: "naver", people: ["yuna", "bada"], item: "email" };
const NAVER_OIDC: Facts = Facts { id: "naver-oidc", people: ["yuna", "bada"], item: "email" };
const GOOGLE: Facts = Facts { id: "google", people: ["jiwoo", "minji"], item: "email" };
const FACEBOOK: Facts = Facts { id: "facebook", people: ["sora", "minji"], item: "email" };
const APPLE: Facts = Facts { id: "apple", people: ["haru", "minji"], item: "email" };

/// A service, and somebody who is signed in there and at the provider.
struct Known {
    facts: &'static Facts,
    scene: Scene,
    person: Person,
}

impl Known {
    async fn at(facts: &'static Facts) -> Self {
        let (scene, mut person) = (Scene::of(facts.id).await, Person::default());
        scene.sign_in(&mut person, facts.people[0], &[]).await.unwrap();
        Self { facts, scene, person }
    }

    /// Whether the provider has a way to do this. If not, it is asked as for a plain sign-in, and for nothing else.
    async fn can(&self, intent: Intent) -> bool {
        if self.scene.client.providers()[0].definition().can(intent) {
            return true;
        }
        assert_eq!(self.asks(intent).await, self.asks(Intent::SignIn).await, "{} {intent:?}", self.facts.id);
        false
    }

    /// What the provider is asked, without what is made for each login.
    async fn asks(&self, intent: Intent) -> BTreeMap<String, String> {
        let mut asked: BTreeMap<String, String> =
            Url::parse(&self.address(intent).await).unwrap().query_pairs().into_owned().collect();
        asked.retain(|name, _| !matches!(name.as_str(), "state" | "nonce" | "code_challenge"));
        asked
    }

    async fn address(&self, intent: Intent) -> String {
        let request = LoginRequest::new().with_intent(intent);
        self.scene.client.login(&request, &self.person.cookies.headers()).await.unwrap().location
    }

    async fn signs_in(&mut self, intent: Intent, name: &str, items: &[&str]) -> Result<String, Error> {
        let request = LoginRequest::new().with_intent(intent);
        self.scene.sign_in_by(&self.scene.client, &request, &mut self.person, (name, items)).await
    }

    /// That the provider asks who it is, although it knows the browser; then `name` signs in.
    async fn is_asked_who_it_is(&mut self, intent: Intent, name: &str) {
        let address = self.address(intent).await;
        let page = self.person.open(&address).await;
        let button = format!("login-as-{name}");
        assert!(page.location.is_none() && page.has(&button), "{} {intent:?} {}", self.facts.id, page.body);
        let before = self.scene.key(&self.person).await.unwrap();
        self.signs_in(intent, name, &[]).await.unwrap();
        let same = self.scene.key(&self.person).await.unwrap() == before;
        assert_eq!(same, name == self.facts.people[0], "{} {intent:?}", self.facts.id);
    }
}

async fn sign_in(facts: &'static Facts) {
    let known = Known::at(facts).await;
    let address = known.address(Intent::SignIn).await;
    let Known { mut person, .. } = known;
    let page = person.open(&address).await;
    // Apple asks at each login whether it is to be this account.
    assert!(page.location.is_some() || facts.id == "apple", "{} {}", facts.id, page.body);
}

async fn choose_account(facts: &'static Facts) {
    let mut known = Known::at(facts).await;
    if known.can(Intent::ChooseAccount).await {
        known.is_asked_who_it_is(Intent::ChooseAccount, facts.people[1]).await;
    }
}

async fn reauthenticate(facts: &'static Facts) {
    let mut known = Known::at(facts).await;
    if known.can(Intent::Reauthenticate).await {
        known.scene.advance(3_600);
        known.is_asked_who_it_is(Intent::Reauthenticate, facts.people[0]).await;
    }
}

async fn sign_up(facts: &'static Facts) {
    let mut known = Known::at(facts).await;
    if known.can(Intent::SignUp).await {
        known.is_asked_who_it_is(Intent::SignUp, facts.people[1]).await;
    }
}

async fn ask_again(facts: &'static Facts) {
    let mut known = Known::at(facts).await;
    if known.can(Intent::AskAgain).await {
        let address = known.address(Intent::AskAgain).await;
        let page = known.person.open(&address).await;
        assert!(page.location.is_none() && page.has("consent-approve"), "{} {}", facts.id, page.body);
        known.signs_in(Intent::AskAgain, facts.people[0], &[facts.item]).await.unwrap();
    }
}

async fn silent(facts: &'static Facts) {
    let mut known = Known::at(facts).await;
    if !known.can(Intent::Silent).await {
        return;
    }
    let [name, other] = facts.people;
    let key = known.scene.key(&known.person).await;
    let address = known.address(Intent::Silent).await;
    assert!(known.person.open(&address).await.location.is_some(), "{}: without a page", facts.id);
    known.signs_in(Intent::Silent, name, &[]).await.unwrap();
    assert_eq!(known.scene.key(&known.person).await, key);
    known.scene.simulator.control(Command::unlink(name)).await.unwrap();
    let without_consent = known.signs_in(Intent::Silent, name, &[]).await.unwrap_err();
    known.person = Person::default();
    let without_session = known.signs_in(Intent::Silent, other, &[]).await.unwrap_err();
    for refused in [without_consent, without_session] {
        assert_eq!(refused.class(), Class::InteractionNeeded, "{} {refused:?}", facts.id);
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        for (language, words) in
            [(Locale::Ko, "로그인 버튼을 눌러"), (Locale::En, "press the sign-in button")]
        {
            assert!(refused.explain(language).advice.contains(words), "{refused:?}");
        }
    }
    known.signs_in(Intent::SignIn, name, &[]).await.unwrap();
}

macro_rules! intents {
    ($($provider:ident: $facts:ident),+ $(,)?) => {
        $(mod $provider {
            #[tokio::test]
            async fn sign_in() {
                super::sign_in(&super::$facts).await;
            }

            #[tokio::test]
            async fn choose_account() {
                super::choose_account(&super::$facts).await;
            }

            #[tokio::test]
            async fn reauthenticate() {
                super::reauthenticate(&super::$facts).await;
            }

            #[tokio::test]
            async fn sign_up() {
                super::sign_up(&super::$facts).await;
            }

            #[tokio::test]
            async fn ask_again() {
                super::ask_again(&super::$facts).await;
            }

            #[tokio::test]
            async fn silent() {
                super::silent(&super::$facts).await;
            }
        })+
    };
}

intents! {
    kakao: KAKAO,
    naver: NAVER,
    naver_oidc: NAVER_OIDC,
    google: GOOGLE,
    facebook: FACEBOOK,
    apple: APPLE,
}

/// Each provider can do what these tests try of it: a word that disappears from a definition is missed.
#[test]
fn what_each_provider_can_do() {
    use Intent::{AskAgain, ChooseAccount, Reauthenticate, SignUp, Silent};
    let all = [ChooseAccount, Reauthenticate, SignUp, AskAgain, Silent];
    for (id, can) in [
        ("kakao", &[ChooseAccount, Reauthenticate, SignUp, Silent][..]),
        ("naver", &[Reauthenticate, AskAgain, Silent]),
        ("naver-oidc", &[Reauthenticate, AskAgain, Silent]),
        ("google", &[ChooseAccount, Reauthenticate, AskAgain, Silent]),
        ("facebook", &[Reauthenticate, AskAgain]),
        ("apple", &[]),
    ] {
        let definition = mapae_client::Definition::named(id).unwrap();
        let found: Vec<Intent> = all.into_iter().filter(|intent| definition.can(*intent)).collect();
        assert_eq!(found, can, "{id}");
    }
}

#[tokio::test]
async fn naver_a_browser_in_which_nothing_is_silent_needs_a_page() {
    for facts in [&NAVER, &NAVER_OIDC] {
        let mut known = Known::at(facts).await;
        let fact = Command::Fact { name: "autologin_supported".to_owned(), value: "false".to_owned() };
        known.scene.simulator.control(fact).await.unwrap();
        let refused = known.signs_in(Intent::Silent, facts.people[0], &[]).await.unwrap_err();
        assert_eq!(refused.class(), Class::InteractionNeeded, "{refused:?}");
        let cancelled = {
            known.person = Person::default();
            known.signs_in(Intent::SignIn, facts.people[1], &["cancel"]).await.unwrap_err()
        };
        assert_eq!(cancelled.class(), Class::Cancelled, "who says no has said no: {cancelled:?}");
    }
}
