//! Every outcome of a login by a simulated provider at the server itself, with each page that a person meets on the way,
//! in Korean and in English.

use mapae_client::Locale;
use mapae_simulators::{App, Command, FaultKind, Provider, Simulator, Tokens};
use mapae_testkit::{Browser, Page, words};

use super::before::Before;

/// A provider, and two people with an account there.
struct Login {
    provider: Provider,
    ko: &'static str,
    en: &'static str,
    people: [&'static str; 2],
    token_path: &'static str,
}

const LOGINS: [Login; 5] = [
    Login {
        provider: Provider::Kakao,
        ko: "카카오",
        en: "Kakao",
        people: ["ryan", "apeach"],
        token_path: "/oauth/token",
    },
    Login {
        provider: Provider::Naver,
        ko: "네이버",
        en: "Naver",
        people: ["yuna", "bada"],
        token_path: "/oauth2.0/token",
    },
    Login {
        provider: Provider::Google,
        ko: "Google",
        en: "Google",
        people: ["jiwoo", "alex"],
        token_path: "/token",
    },
    Login {
        provider: Provider::Facebook,
        ko: "Facebook",
        en: "Facebook",
        people: ["sora", "taeo"],
        token_path: "/v25.0/oauth/access_token",
    },
    Login {
        provider: Provider::Apple,
        ko: "Apple",
        en: "Apple",
        people: ["haru", "garam"],
        token_path: "/auth/token",
    },
];

const DOOR: (&str, &str) = ("다른 계정으로 로그인", "Sign in with another account");
const AT_SIGN_IN: (&str, &str) = ("비밀번호 없이 바로 로그인", "Or sign in at once as");
const AT_CONSENT: (&str, &str) = ("서비스가 다음 정보를 쓰려고 해요.", "asks for the following.");
const SIGN_UP: (&str, &str) = ("{} 로그인이 확인됐어요.", "{} has confirmed that it is you.");
const ACCOUNT: (&str, &str) = ("연결된 서비스", "Connected services");
const HANDS_OVER: (&str, &str) = ("서비스로 돌아가요", "Back to the service");

/// The server before the five providers.
struct Stage(Before);

/// Somebody who speaks one language and comes from one provider.
struct Visitor<'a> {
    stage: &'a Stage,
    browser: Browser,
    language: Locale,
    login: &'static Login,
    name: &'static str,
}

impl Stage {
    async fn set() -> Self {
        Self(Before::set(&LOGINS.each_ref().map(|login| login.provider)).await)
    }

    fn simulator(&self, login: &Login) -> &Simulator {
        self.0.simulators.iter().find(|simulator| simulator.provider() == login.provider).unwrap()
    }

    /// One for each provider and language.
    fn visitors(&self) -> impl Iterator<Item = Visitor<'_>> {
        let of_both = |login| [(login, Locale::Ko, 0), (login, Locale::En, 1)];
        LOGINS.iter().flat_map(of_both).map(|(login, language, at)| Visitor {
            stage: self,
            browser: Browser::speaking(language.as_str()),
            language,
            login,
            name: login.people[at],
        })
    }

    /// The server's app as the provider has it, changed in the provider's console.
    async fn change_app(&self, login: &Login, change: impl FnOnce(&mut App)) {
        let mut app = self.simulator(login).app();
        change(&mut app);
        self.simulator(login).control(Command::App(Box::new(app))).await.unwrap();
    }
}

impl Visitor<'_> {
    fn says(&self, page: &Page, (ko, en): (&str, &str)) {
        let (ko, en) = (ko.replace("{}", self.login.ko), en.replace("{}", self.login.en));
        words::says(&page.body, self.language, (&ko, &en));
    }

    /// A page to which somebody came: in their language and in no other.
    fn reads(&self, page: Page) -> Page {
        words::alone(&page.body, self.language);
        page
    }

    /// Goes wherever a page leads, between the server and the provider.
    async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..10 {
            page = match page.location() {
                Some(next) => self.browser.open(next.as_str()).await,
                None if page.has("hand-over-submit") => {
                    self.says(&page, HANDS_OVER);
                    self.hand_over(&page).await
                }
                None => return self.reads(page),
            };
        }
        panic!("round and round at {}", page.address)
    }

    /// What Apple's page posts comes from another site: without cookies, and those that come back are kept.
    async fn hand_over(&self, page: &Page) -> Page {
        let (action, fields) = page.form("hand-over-submit");
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", "https://appleid.apple.com"),
            ("sec-fetch-site", "cross-site"),
        ];
        let form = mapae_protocol::params::encode(fields).into_bytes();
        let answer = Browser::speaking(self.language.as_str()).send("POST", &action, &headers, form).await;
        self.browser.keep(&answer);
        answer
    }

    async fn press(&self, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
        self.follow(self.browser.submit(page, button, fields).await).await
    }

    async fn door(&self) -> Page {
        let page = self.browser.open(&format!("{}/account", self.stage.0.process.node().issuer)).await;
        self.follow(page).await
    }

    /// Presses the provider's button on a page of the server.
    async fn choose(&self, page: &Page) -> Page {
        let button = page.values(&format!("#upstream-{}", self.login.provider), "href").remove(0);
        self.follow(self.browser.open(page.address.join(&button).unwrap().as_str()).await).await
    }

    /// From the server's door to the provider's consent page.
    async fn arrive(&self) -> Page {
        let door = self.door().await;
        self.says(&door, DOOR);
        let page = self.choose(&door).await;
        self.says(&page, AT_SIGN_IN);
        let page = self.press(&page, &format!("login-as-{}", self.name), &[]).await;
        self.says(&page, AT_CONSENT);
        page
    }

    /// The whole first way in; the account's page.
    async fn join(&self) -> Page {
        let consent = self.arrive().await;
        let form = self.press(&consent, "consent-approve", &[]).await;
        self.says(&form, SIGN_UP);
        let account = self.press(&form, "login-submit", &[("name", "Ada")]).await;
        self.is_in(&account);
        account
    }

    fn is_in(&self, page: &Page) {
        assert!(page.has("services"), "{} {}", page.status, page.body);
        self.says(page, ACCOUNT);
    }

    /// Back where the provider was chosen, with what went wrong.
    fn is_told(&self, page: &Page, words: (&str, &str)) {
        assert!(page.has("trouble"), "{} {}", page.status, page.body);
        self.says(page, words);
        self.says(page, DOOR);
    }
}

#[tokio::test]
async fn a_first_and_a_second_login_at_the_server_in_both_languages() {
    let stage = Stage::set().await;
    for visitor in stage.visitors() {
        visitor.join().await;
        let out = visitor.browser.visit(&format!("{}/sign-out", stage.0.process.node().issuer)).await;
        let out = visitor.reads(out);
        visitor.press(&out, "logout-confirm", &[]).await;
        let door = visitor.door().await;
        visitor.is_in(&visitor.choose(&door).await);
    }
    stage.0.clear().await;
}

#[tokio::test]
async fn a_login_that_is_cancelled_or_comes_too_late_at_the_server_in_both_languages() {
    let stage = Stage::set().await;
    for visitor in stage.visitors() {
        let consent = visitor.arrive().await;
        let told = visitor.press(&consent, "consent-deny", &[]).await;
        visitor.is_told(&told, ("{} 로그인을 취소했어요.", "You cancelled signing in with {}."));
        let consent = visitor.choose(&told).await;
        visitor.says(&consent, AT_CONSENT);
        let back = visitor.browser.submit(&consent, "consent-approve", &[]).await;
        let expire = Command::Expire { tokens: Tokens::Codes, person: None };
        stage.simulator(visitor.login).control(expire).await.unwrap();
        let told = visitor.follow(back).await;
        let words = ("{} 로그인을 마치지 못했어요.", "Signing in with {} was not completed.");
        visitor.is_told(&told, words);
        visitor.says(&visitor.choose(&told).await, SIGN_UP);
    }
    stage.0.clear().await;
}

#[tokio::test]
async fn a_wrong_secret_of_the_server_in_both_languages() {
    let stage = Stage::set().await;
    for login in &LOGINS {
        stage
            .change_app(login, |app| {
                app.client_secret = app.client_secret.take().map(|_| "another secret".to_owned());
                app.client_keys.clear();
            })
            .await;
    }
    for visitor in stage.visitors() {
        let consent = visitor.arrive().await;
        let told = visitor.press(&consent, "consent-approve", &[]).await;
        let words = ("지금은 {} 로그인을 쓸 수 없어요.", "Signing in with {} is not possible right now.");
        visitor.is_told(&told, words);
    }
    stage.0.clear().await;
}

#[tokio::test]
async fn a_wrong_redirect_uri_of_the_server_in_both_languages() {
    let stage = Stage::set().await;
    for login in &LOGINS {
        stage.change_app(login, |app| app.redirect_uris.clear()).await;
    }
    for visitor in stage.visitors() {
        let door = visitor.door().await;
        let page = visitor.choose(&door).await;
        let provider = stage.simulator(visitor.login).base_url();
        assert!(page.address.as_str().starts_with(provider) && page.has("trouble"), "{}", page.body);
        visitor
            .says(&page, ("제어판의 앱 목록에서 바로 등록할 수 있어요.", "register it in the list of apps"));
    }
    stage.0.clear().await;
}

#[tokio::test]
async fn a_provider_that_is_down_for_the_server_in_both_languages() {
    let stage = Stage::set().await;
    for visitor in stage.visitors() {
        let consent = visitor.arrive().await;
        let path = Some(visitor.login.token_path.to_owned());
        let fail = Command::Fail { how: FaultKind::Garbage, path, code: None, seconds: None, times: None };
        stage.simulator(visitor.login).control(fail).await.unwrap();
        let told = visitor.press(&consent, "consent-approve", &[]).await;
        visitor.is_told(&told, ("{} 서버가 응답하지 않아요.", "{} does not answer."));
        stage.simulator(visitor.login).control(Command::Mend {}).await.unwrap();
    }
    stage.0.clear().await;
}

#[tokio::test]
async fn lk_12_unlinked_there_is_out_of_the_server_in_both_languages() {
    let stage = Stage::set().await;
    for visitor in stage.visitors() {
        visitor.join().await;
        stage.simulator(visitor.login).control(Command::unlink(visitor.name)).await.unwrap();
        let door = visitor.door().await;
        visitor.says(&door, DOOR);
        let consent = visitor.choose(&door).await;
        visitor.says(&consent, AT_CONSENT);
        visitor.is_in(&visitor.press(&consent, "consent-approve", &[]).await);
    }
    stage.0.clear().await;
}
