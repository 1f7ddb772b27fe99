//! Every outcome of a login at every simulated provider, with each page that a person meets on the way, in Korean and in
//! English. [`Person`] looks at all pages; what one says is asserted here.

mod arriving;
mod refusals;
mod staying;

use mapae_client::Locale;
use mapae_simulators::{App, Command};
use mapae_testkit::words;

use crate::{
    person::{Page, Person},
    stage::{LOGINS, Login, Play, Time},
};

const WELCOME: (&str, &str) = ("내 하루를 한눈에", "Your day at a glance");
const AT_SIGN_IN: (&str, &str) = ("비밀번호 없이 바로 로그인", "Or sign in at once as");
const AT_CONSENT: (&str, &str) = ("서비스가 다음 정보를 쓰려고 해요.", "asks for the following.");

/// Everybody's password at the simulators.
const PASSWORD: &str = "simulation";

/// Somebody who speaks one language and comes from one provider.
struct Visitor {
    person: Person,
    login: &'static Login,
    /// At the provider. Who speaks another language is somebody else.
    name: &'static str,
}

/// One for each provider and language.
fn visitors(play: &Play) -> impl Iterator<Item = Visitor> {
    let of_both = |login| [(login, Locale::Ko), (login, Locale::En)];
    LOGINS.iter().flat_map(of_both).map(|(login, language)| {
        let name = match language {
            Locale::Ko => login.person,
            Locale::En => login.other,
        };
        Visitor { person: Person::speaking(&play.running, language), login, name }
    })
}

/// The same text about this provider, in both languages.
fn about(login: &Login, (ko, en): (&str, &str)) -> (String, String) {
    (ko.replace("{}", login.ko), en.replace("{}", login.en))
}

impl Visitor {
    fn says(&self, page: &Page, words: (&str, &str)) {
        let (ko, en) = about(self.login, words);
        words::says(&page.body, self.person.language, (&ko, &en));
    }

    /// Presses the provider's button; the page to which it leads.
    async fn press_the_button(&self) -> Page {
        self.person.visit(&format!("/login?provider={}&return_to=/", self.login.name)).await
    }

    /// From the button to the provider's consent page, through its sign-in page.
    async fn arrive(&self) -> Page {
        let page = self.press_the_button().await;
        self.says(&page, AT_SIGN_IN);
        let page = self.identify(&page).await;
        self.says(&page, AT_CONSENT);
        page
    }

    async fn identify(&self, page: &Page) -> Page {
        let typed = [("login", self.name), ("password", PASSWORD)];
        self.person.press(page, "login-submit", &typed).await
    }

    /// The whole way in, where everything is agreed to; the member's page.
    async fn join(&self) -> Page {
        let page = self.arrive().await;
        let form = self.person.agree(page).await;
        let page = self.person.sign_up(&form).await;
        assert!(page.has("signed-in-with"), "{}", page.body);
        page
    }

    /// The page of a trouble: its name, its status, and what it says.
    fn is_told(&self, page: &Page, (id, status): (&str, u16), words: (&str, &str)) {
        assert_eq!(page.status, status, "{} {}", page.address, page.body);
        assert!(page.body.contains(&format!("data-trouble=\"{id}\"")), "{id}: {}", page.body);
        self.says(page, words);
    }

    async fn control(&self, play: &Play, command: Command) {
        play.simulator(self.login.name).control(command).await.unwrap();
    }
}

/// The service's app as the provider has it, changed in the provider's console.
async fn change_app(play: &Play, login: &Login, change: impl FnOnce(&mut App)) {
    let simulator = play.simulator(login.name);
    let mut app = simulator.app();
    change(&mut app);
    simulator.control(Command::App(Box::new(app))).await.unwrap();
}
