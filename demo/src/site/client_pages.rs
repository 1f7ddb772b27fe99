//! The pages of `mapae-client`'s routes in the service's own design.

use askama::Template;
use mapae_client::{
    Class, Error, Identity, LoginError, MethodToAdd, Problem, ProblemKind, Provider, SignInMethods,
    SignUpForm,
    axum::{Pages, PlainPages},
};
use mapae_protocol::locale::Locale;

use super::{
    INTERESTS, Texts, fields, social,
    trouble::{Frame, TroublePage},
    ways::{AddingPage, ExistingAccountPage, WaysPage},
};

/// The service's design of the sign-up form and of errors.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServicePages;

/// The sign-up form.
#[derive(Template)]
#[template(path = "sign_up.html")]
pub(super) struct SignUpPage<'a> {
    pub(super) t: Texts,
    pub(super) frame: Frame,
    pub(super) form: &'a SignUpForm,
    pub(super) interests: &'static [&'static str],
}

impl Pages for ServicePages {
    fn sign_up(&self, form: &SignUpForm, language: Locale) -> String {
        let page = SignUpPage {
            t: Texts::new(language),
            frame: Frame::new("/sign-up", None),
            form,
            interests: INTERESTS,
        };
        page.render().unwrap_or_else(|_| PlainPages.sign_up(form, language))
    }

    fn failed(&self, error: &Error, language: Locale) -> String {
        let class = error.class();
        // The same way would be refused again in this browser.
        let inside = matches!(error, Error::Login(LoginError::InsideAnotherApp));
        let sign_in = !inside && !matches!(class, Class::Configuration(_));
        let id = if inside { "inside_another_app" } else { id(class) };
        let (t, frame) = (Texts::new(language), Frame::new("/", None));
        let page = match (error, social::coming_from()) {
            (Error::Login(LoginError::UnknownProvider), _) => TroublePage::of(t, frame, "no_such_way", true),
            (_, Some(provider)) => TroublePage::at(provider, t, frame, id, sign_in),
            (_, None) => TroublePage::of(t, frame, id, sign_in),
        };
        page.render().unwrap_or_else(|_| PlainPages.failed(error, language))
    }

    fn existing_account(&self, identity: &Identity, providers: &[Provider], language: Locale) -> String {
        let (t, frame) = (Texts::new(language), Frame::new("/sign-up", None));
        let page = ExistingAccountPage { t, frame, identity, providers };
        page.render().unwrap_or_else(|_| PlainPages.existing_account(identity, providers, language))
    }

    fn sign_in_methods(&self, methods: &SignInMethods, providers: &[Provider], language: Locale) -> String {
        let (t, frame) = (Texts::new(language), Frame::new("/sign-in-methods", None));
        let page = WaysPage { t, frame, methods, providers };
        page.render().unwrap_or_else(|_| PlainPages.sign_in_methods(methods, providers, language))
    }

    fn sign_in_method_to_add(
        &self,
        method: &MethodToAdd,
        providers: &[Provider],
        language: Locale,
    ) -> String {
        let (t, frame) = (Texts::new(language), Frame::new("/sign-in-methods/confirm", None));
        let page = AddingPage { t, frame, method };
        page.render().unwrap_or_else(|_| PlainPages.sign_in_method_to_add(method, providers, language))
    }
}

impl SignUpPage<'_> {
    /// What was answered before; at first a good guess.
    pub(super) fn answer(&self, field: &str) -> &str {
        let guess =
            if field == fields::NICKNAME && self.form.problems.is_empty() { self.guess() } else { None };
        self.form.answers.text(field).or(guess).unwrap_or_default()
    }

    /// What is wrong with an answer.
    pub(super) fn problem(&self, field: &str) -> Option<&str> {
        let problem: &Problem = self.form.problems.iter().find(|problem| problem.field == field)?;
        Some(match &problem.kind {
            ProblemKind::Missing if field == fields::TERMS => self.t.of("problem.terms"),
            ProblemKind::Missing => self.t.of("problem.missing"),
            ProblemKind::TooLong => self.t.of("problem.too_long"),
            ProblemKind::Refused(key) => self.t.find(key).unwrap_or(key),
        })
    }

    /// A text about the provider that said who this is.
    pub(super) fn about(&self, key: &str) -> String {
        let provider = self.t.find(&format!("provider.{}", self.form.identity.provider()));
        self.t.with(&format!("sign_up.{key}"), "provider", provider.unwrap_or_default())
    }

    /// What the provider calls the person: the name, or the nickname where that is all there is.
    pub(super) fn known_as(&self) -> Option<&str> {
        self.form.identity.name().or_else(|| self.form.identity.nickname())
    }

    pub(super) fn interest(&self, name: &str) -> &'static str {
        self.t.of(&format!("interest.{name}"))
    }

    fn guess(&self) -> Option<&str> {
        let identity = &self.form.identity;
        identity.nickname().or_else(|| identity.name()).filter(|name| name.chars().count() <= 20)
    }
}

const fn id(class: Class) -> &'static str {
    match class {
        Class::Cancelled => "cancelled",
        Class::Restart => "restart",
        Class::SignInAgain => "sign_in_again",
        Class::Configuration(_) => "configuration",
        Class::Unavailable | Class::RateLimited => "sign_in_unavailable",
        Class::Reconsent | Class::InteractionNeeded | Class::Denied => "restart",
    }
}
