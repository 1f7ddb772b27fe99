//! What makes a provider a provider: one implementation per folder, and one arm in [`rules`].

use std::collections::BTreeSet;

use axum::{Router, response::Response};
use mapae_protocol::{locale::Locale, params::Params};

use crate::{
    App, Fact, Person, Provider,
    apple::APPLE,
    engine::{Engine, Link, Notice, Visit},
    facebook::FACEBOOK,
    google::GOOGLE,
    kakao::KAKAO,
    naver::NAVER,
};

/// The rules of this provider.
pub(crate) fn rules(provider: Provider) -> &'static dyn Rules {
    match provider {
        Provider::Kakao => &KAKAO,
        Provider::Naver => &NAVER,
        Provider::Google => &GOOGLE,
        Provider::Facebook => &FACEBOOK,
        Provider::Apple => &APPLE,
    }
}

/// What is particular about a provider.
pub(crate) trait Rules: Send + Sync {
    /// What can be said of it without asking anybody.
    fn description(&self) -> &'static Description;

    /// The private half of the key with which the default app signs its secrets, as PEM (Apple).
    fn client_key(&self) -> Option<&'static str> {
        None
    }

    /// Its addresses.
    fn routes(&self) -> Router<Engine>;

    /// What the person must be asked; `None` when the request can be answered without a page.
    fn consent(&self, case: &Case<'_>) -> Option<Vec<Asked>>;

    /// What the person chose besides items.
    fn choose(&self, _link: &mut Link, _sent: &Params) {}

    /// Whether the consent page offers to hide the e-mail address (Apple).
    fn hides_email(&self) -> bool {
        false
    }

    /// The items or scopes that the tokens of this authorization stand for.
    fn granted_scope(&self, visit: &Visit, link: &Link) -> BTreeSet<String>;

    /// Whether a refresh token comes with the code; `asked` when a consent page was shown.
    fn is_offline(&self, _visit: &Visit, _asked: bool) -> bool {
        true
    }

    /// What somebody sees who may not use the app yet.
    fn not_a_tester(&self, engine: &Engine, visit: &Visit) -> Response;

    /// The text of a new code.
    fn new_code(&self) -> String;

    /// How long a code lives, by the name of the fact.
    fn code_life(&self) -> &'static str {
        "code_seconds"
    }

    /// The parameters of the answer to the app.
    fn answer(&self, engine: &Engine, visit: &Visit, outcome: &Outcome<'_>) -> Delivery;

    /// The provider's own error by this code, or how it says at this path that it is out of order.
    fn failure(&self, engine: &Engine, path: &str, code: Option<&str>) -> Response;

    /// What apps are told about this.
    fn notices(&self, engine: &Engine, about: &About<'_>) -> Vec<Notice>;

    /// The kinds of notification that an app can have webhooks for.
    fn webhooks(&self) -> &'static [&'static str];
}

/// A provider in constants.
pub(crate) struct Description {
    pub(crate) provider: Provider,
    /// The name on its pages, in Korean and in English.
    pub(crate) name: (&'static str, &'static str),
    /// The language of somebody who names none.
    pub(crate) default_locale: Locale,
    /// The issuer that the real provider names.
    pub(crate) real_issuer: &'static str,
    /// What is uncertain about it.
    pub(crate) facts: &'static [Fact],
    /// The app that is there from the start.
    pub(crate) default_app: fn() -> App,
    /// The people who are there from the start.
    pub(crate) people: fn() -> Vec<Person>,
    /// Whether its consent page has a button for all items together.
    pub(crate) agrees_to_all: bool,
}

impl Description {
    pub(crate) const fn name(&self, locale: Locale) -> &'static str {
        match locale {
            Locale::Ko => self.name.0,
            Locale::En => self.name.1,
        }
    }
}

/// What a consent page depends on.
pub(crate) struct Case<'a> {
    pub(crate) app: &'a App,
    pub(crate) person: &'a Person,
    pub(crate) link: Option<&'a Link>,
    pub(crate) visit: &'a Visit,
}

/// What the id of a line begins with that is about the service's own terms (Kakao).
const TERM: &str = "term:";

/// A line of the consent page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Of a consent item, or made of the tag of a term.
    pub(crate) id: String,
    pub(crate) title: String,
    /// Whether it cannot be left out.
    pub(crate) required: bool,
    /// Whether it is ticked when the page opens.
    pub(crate) ticked: bool,
}

impl Asked {
    pub(crate) fn term_id(tag: &str) -> String {
        format!("{TERM}{tag}")
    }

    /// The tag of the term that this line is about.
    pub(crate) fn term(&self) -> Option<&str> {
        self.id.strip_prefix(TERM)
    }
}

/// How a visit ended.
pub(crate) enum Outcome<'a> {
    /// The app gets a code.
    Agreed {
        code: &'a str,
        person: &'a Person,
        link: &'a Link,
        /// Whether this connected them.
        first: bool,
        grant: &'a crate::engine::Grant,
    },
    /// The person pressed "cancel".
    Cancelled,
    /// Nobody is signed in, and nothing may be asked.
    LoginRequired,
    /// Something would have to be asked, and nothing may.
    ConsentRequired,
}

/// An answer on its way to the app.
pub(crate) struct Delivery {
    pub(crate) parameters: Vec<(&'static str, String)>,
    /// By a form that posts itself, instead of a redirect.
    pub(crate) by_post: bool,
    /// What stands behind the `#`.
    pub(crate) fragment: &'static str,
}

impl Delivery {
    pub(crate) const fn redirect(parameters: Vec<(&'static str, String)>) -> Self {
        Self { parameters, by_post: false, fragment: "" }
    }
}

/// Something that happened between a person and an app.
pub(crate) struct About<'a> {
    pub(crate) happening: Happening<'a>,
    pub(crate) app: &'a App,
    pub(crate) person: &'a Person,
    /// Access tokens that died of it.
    pub(crate) tokens: &'a [String],
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening<'a> {
    /// The person connected the app.
    Linked,
    /// The person removed the app in the provider's settings.
    Unlinked,
    /// The person deleted the account.
    Deleted,
    /// The provider revoked all tokens.
    TokensRevoked,
    /// The e-mail address is another one.
    EmailChanged,
    /// By the provider's own name for it.
    Named(&'a str),
}

/// What was agreed: what is required, and what was ticked of what was asked.
pub(crate) fn agreed(asked: &[Asked], ticked: &BTreeSet<&str>) -> BTreeSet<String> {
    let taken = asked.iter().filter(|item| item.required || ticked.contains(item.id.as_str()));
    taken.map(|item| item.id.clone()).collect()
}
