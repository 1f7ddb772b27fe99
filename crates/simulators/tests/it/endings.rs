//! How a person's account, or all that it gave, ends at each provider: by a program and by the buttons of the page.

use mapae_simulators::{Command, Provider, Tokens};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    app::text, apple::Apple, browser::Browser, facebook::Facebook, google::Google, kakao::Kakao,
    listener::Listener, naver::Naver, scene::Scene,
};

/// A provider with somebody who has signed in to the app.
enum Place {
    Kakao(Kakao),
    Naver(Naver),
    Google(Google),
    Facebook(Facebook),
    Apple(Apple),
}

/// What happens at each of them.
struct Ending {
    provider: Provider,
    person: &'static str,
    /// What the app hears of an account that was deleted, and of tokens that were revoked.
    of_deleting: &'static [&'static str],
    of_revoking: &'static [&'static str],
}

const ENDINGS: [Ending; 5] = [
    Ending {
        provider: Provider::Kakao,
        person: "ryan",
        of_deleting: &["unlink", "account", "account"],
        of_revoking: &["account"],
    },
    Ending { provider: Provider::Naver, person: "yuna", of_deleting: &["disconnect"], of_revoking: &[] },
    Ending {
        provider: Provider::Google,
        person: "jiwoo",
        of_deleting: &["risc", "risc"],
        of_revoking: &["risc"],
    },
    Ending {
        provider: Provider::Facebook,
        person: "sora",
        of_deleting: &["deauthorize", "data_deletion"],
        of_revoking: &[],
    },
    Ending { provider: Provider::Apple, person: "haru", of_deleting: &["notifications"], of_revoking: &[] },
];

impl Place {
    async fn of(provider: Provider) -> Self {
        match provider {
            Provider::Kakao => Self::Kakao(Kakao::new().await),
            Provider::Naver => Self::Naver(Naver::new().await),
            Provider::Google => Self::Google(Google::new().await),
            Provider::Facebook => Self::Facebook(Facebook::new().await),
            Provider::Apple => Self::Apple(Apple::new().await),
        }
    }

    fn scene(&self) -> &Scene {
        match self {
            Self::Kakao(Kakao(scene))
            | Self::Naver(Naver(scene))
            | Self::Google(Google(scene))
            | Self::Facebook(Facebook(scene))
            | Self::Apple(Apple(scene)) => scene,
        }
    }

    /// Signs the person in to the app: what it got.
    async fn tokens(&self, person: &str) -> Value {
        match self {
            Self::Kakao(kakao) => kakao.tokens(person, &[]).await,
            Self::Naver(naver) => naver.tokens(person, &[]).await,
            Self::Google(google) => google.tokens(person, &[]).await,
            Self::Facebook(facebook) => json!({ "access_token": facebook.token(person, &[]).await }),
            Self::Apple(apple) => apple.tokens(person, "share").await,
        }
    }

    /// Whether the access token still works; at Apple, where it is for nothing, the refresh token.
    async fn works(&self, tokens: &Value) -> bool {
        let access = text(tokens, "access_token");
        let answer = match self {
            Self::Kakao(kakao) => kakao.me(access).await,
            Self::Naver(naver) => naver.me(access).await,
            Self::Google(google) => google.0.get("/v1/userinfo", access).await,
            Self::Facebook(facebook) => facebook.me(access).await,
            Self::Apple(apple) => {
                let refresh = text(tokens, "refresh_token");
                apple.exchange(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await
            }
        };
        answer.status().is_success()
    }

    /// The first page that somebody sees who comes from the app.
    async fn sign_in_page(&self) -> crate::browser::Page {
        let address = match self {
            Self::Kakao(kakao) => kakao.authorize(&[]),
            Self::Naver(naver) => naver.authorize(&[]),
            Self::Google(google) => google.authorize(&[]),
            Self::Facebook(facebook) => facebook.authorize(&[]),
            Self::Apple(apple) => apple.authorize(&[]),
        };
        Browser::new().open(&address).await
    }

    /// Presses a button of the control page.
    async fn press(&self, button: &str) {
        let browser = Browser::new();
        let control = browser.open(&self.scene().url("/control")).await;
        assert_eq!(browser.press(&control, button, &[]).await.status, StatusCode::SEE_OTHER, "{button}");
    }

    /// The kinds of what the app was told since there were `before` of them.
    async fn told(&self, before: usize) -> Vec<String> {
        let state = self.scene().state().await;
        let notices = state["notices"].as_array().unwrap().iter().skip(before);
        notices
            .map(|notice| {
                assert_eq!(notice["status"], 200, "{notice}");
                text(notice, "kind").to_owned()
            })
            .collect()
    }
}

/// Carries out what ends something, by a program or by the page; the kinds of what the app was told.
async fn ended(place: &Place, by_page: bool, (button, command): (String, Command)) -> Vec<String> {
    if by_page {
        let before = place.scene().state().await["notices"].as_array().unwrap().len();
        place.press(&button).await;
        return place.told(before).await;
    }
    let done = place.scene().simulator.control(command).await.unwrap();
    done.notices.iter().map(|notice| notice.kind.to_owned()).collect()
}

/// A listener that hears all that the provider can tell.
async fn hearing(place: &Place) -> Listener {
    let listener = Listener::answering(200, "").await;
    for kind in place.scene().state().await["webhooks"].as_array().unwrap() {
        place.scene().hook(kind.as_str().unwrap(), &listener).await;
    }
    listener
}

#[tokio::test]
async fn an_account_that_is_deleted_takes_everything_along_at_each_provider() {
    for ending in &ENDINGS {
        for by_page in [false, true] {
            let (at, person) = (ending.provider, ending.person);
            let place = Place::of(at).await;
            let tokens = place.tokens(person).await;
            assert!(place.works(&tokens).await, "{at}");
            let _listener = hearing(&place).await;
            let delete = (format!("delete-{person}"), Command::Delete { person: person.to_owned() });
            assert_eq!(ended(&place, by_page, delete).await, ending.of_deleting, "{at} {by_page}");
            assert!(!place.works(&tokens).await, "{at}");
            let state = place.scene().state().await;
            assert_eq!(state["links"], json!([]), "{at}");
            let people = state["people"].as_array().unwrap();
            assert!(people.iter().all(|other| other["name"] != person), "{at}");
            let page = place.sign_in_page().await;
            assert!(page.has("login-submit") && !page.has(&format!("login-as-{person}")), "{at}");
            let again = place.scene().simulator.control(Command::Delete { person: person.to_owned() }).await;
            assert!(again.is_err(), "{at}: nobody is deleted twice");
        }
    }
}

#[tokio::test]
async fn tokens_that_are_revoked_leave_the_link_at_each_provider() {
    for ending in &ENDINGS {
        for by_page in [false, true] {
            let (at, person) = (ending.provider, ending.person);
            let place = Place::of(at).await;
            let tokens = place.tokens(person).await;
            let _listener = hearing(&place).await;
            let command = Command::Revoke { person: person.to_owned(), client_id: None };
            let revoke = (format!("revoke-{person}"), command);
            assert_eq!(ended(&place, by_page, revoke).await, ending.of_revoking, "{at} {by_page}");
            assert!(!place.works(&tokens).await, "{at}");
            let state = place.scene().state().await;
            assert_eq!(state["links"][0]["person"], person, "{at}");
            assert_eq!(
                (&state["tokens"]["access"], &state["tokens"]["refresh"]),
                (&json!(0), &json!(0)),
                "{at}"
            );
            // Whoever signs in again gets tokens that work.
            let tokens = place.tokens(person).await;
            assert!(place.works(&tokens).await, "{at}");
        }
    }
}

/// Nothing is told, nothing is unlinked: only time has passed.
#[tokio::test]
async fn tokens_that_expire_leave_the_link_at_each_provider() {
    for ending in &ENDINGS {
        let (at, person) = (ending.provider, ending.person);
        let place = Place::of(at).await;
        let tokens = place.tokens(person).await;
        let _listener = hearing(&place).await;
        let expire = Command::Expire { tokens: Tokens::All, person: Some(person.to_owned()) };
        let done = place.scene().simulator.control(expire).await.unwrap();
        assert!(done.notices.is_empty(), "{at}");
        assert!(!place.works(&tokens).await, "{at}");
        assert_eq!(place.scene().state().await["links"][0]["person"], person, "{at}");
    }
}
