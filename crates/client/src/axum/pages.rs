//! The pages of the client's routes.

use std::fmt::Write as _;

use mapae_protocol::time::Timestamp;

use super::{
    account_pages,
    html::{document, escape, text},
};
use crate::{
    calendar::day,
    client::paths,
    error::{Error, Locale},
    identity::Identity,
    provider::Provider,
    sign_in_methods::{MethodToAdd, SignInMethods},
    sign_up::{Field, Problem, ProblemKind, SignUpForm},
    terms::{Agreement, PREFIX, Term},
};

/// The pages that an application shows in its own design, each as a whole HTML document.
///
/// Texts of a provider (names, addresses) are of strangers: escape them.
pub trait Pages: Send + Sync + 'static {
    /// The sign-up form. It is posted to `/sign-up`, with a field for each of the form's and a box for each of its terms.
    fn sign_up(&self, form: &SignUpForm, language: Locale) -> String {
        plain_sign_up(form, language)
    }

    /// Something went wrong; [`Error::explain`] has the words.
    fn failed(&self, error: &Error, language: Locale) -> String {
        plain_failed(error, language)
    }

    /// Whoever signs up may have an account, which must be proved before `identity` is connected to it: say what will be
    /// connected, and nothing of the account. A `provider` is posted to `/sign-up/prove`.
    fn existing_account(&self, identity: &Identity, providers: &[Provider], language: Locale) -> String {
        account_pages::existing_account(identity, providers, language)
    }

    /// The ways into the account. Posted are a `provider` to `/sign-in-methods/prove` and `/sign-in-methods/add`, and an
    /// `id` to `/sign-in-methods/remove`.
    fn sign_in_methods(&self, methods: &SignInMethods, providers: &[Provider], language: Locale) -> String {
        account_pages::sign_in_methods(methods, providers, language)
    }

    /// Who came back to become another way into the account: name them, and post `mark` to `/sign-in-methods/confirm`.
    fn sign_in_method_to_add(
        &self,
        method: &MethodToAdd,
        providers: &[Provider],
        language: Locale,
    ) -> String {
        account_pages::sign_in_method_to_add(method, providers, language)
    }

    /// What became of a deletion that a provider asked for: its code and when it was asked for, or `None` if nobody knows of
    /// it (any more). Say how the rest of an account is deleted, too.
    fn deletion(&self, asked: Option<(&str, Timestamp)>, language: Locale) -> String {
        plain_deletion(asked, language)
    }

    /// What the person agreed to. Posted to `/agreements` is a `term`, with the `version` that is agreed to, or without, to
    /// withdraw.
    fn agreements(&self, terms: &[Term], agreements: &[Agreement], language: Locale) -> String {
        account_pages::agreements(terms, agreements, language)
    }
}

/// Pages with hardly any design: for a first afternoon.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainPages;

impl Pages for PlainPages {}

fn plain_failed(error: &Error, language: Locale) -> String {
    let explanation = error.explain(language);
    let again = text(language, "처음으로", "To the start page");
    let body = format!("<p>{}</p><p><a href=\"/\">{again}</a></p>", escape(explanation.advice));
    document(explanation.title, &body, language)
}

fn plain_deletion(asked: Option<(&str, Timestamp)>, language: Locale) -> String {
    let Some((code, at)) = asked else {
        let title = text(language, "삭제 요청을 찾을 수 없습니다.", "There is no such request for deletion.");
        let advice = text(
            language,
            "확인 코드가 잘못되었거나 90일이 지난 요청입니다.",
            "The confirmation code is wrong, or the request is older than 90 days.",
        );
        return document(title, &format!("<p>{advice}</p>"), language);
    };
    let title = text(language, "데이터를 삭제했습니다.", "The data was deleted.");
    let advice = text(
        language,
        "소셜 로그인 제공자의 요청에 따라, 그곳에서 받은 토큰과 이메일 표시를 지우고, 그 로그인 방법으로 로그인한 모든 기기에서 로그아웃했습니다. 계정 자체를 지우려면 이 서비스에 문의하세요.",
        "At the wish of the provider by which you signed in, its tokens and the address shown for it were deleted here, and you were signed out wherever you had signed in by it. To delete the account itself, please ask this service.",
    );
    let (when, named) =
        (text(language, "요청한 때", "Asked for"), text(language, "확인 코드", "Confirmation code"));
    let body =
        format!("<p>{advice}</p><p>{when}: {}</p><p>{named}: <code>{}</code></p>", day(at), escape(code));
    document(title, &body, language)
}

fn plain_sign_up(form: &SignUpForm, language: Locale) -> String {
    let title = if form.is_for_terms_only() {
        text(language, "약관 동의", "Terms of this service")
    } else {
        text(language, "가입하기", "Sign up")
    };
    let button = text(language, "동의하고 계속하기", "Agree and continue");
    let button = if form.terms.is_empty() { title } else { button };
    let mut body = String::new();
    if let Some(name) = form.identity.name() {
        let _ = write!(body, "<p>{}</p>", escape(name));
    }
    let _ = write!(body, "<form method=\"post\" action=\"{}\">", paths::SIGN_UP);
    for field in &form.fields {
        body.push_str(&input(field, form, language));
    }
    for term in &form.terms {
        body.push_str(&agreement(term, form, language));
    }
    let _ = write!(body, "<p><button id=\"sign-up-submit\">{button}</button></p></form>");
    document(title, &body, language)
}

fn input(field: &Field, form: &SignUpForm, language: Locale) -> String {
    let (name, title) = (escape(field.name()), escape(field.title(language)));
    let required = if field.is_required() { " required" } else { "" };
    let problem = problem(field.name(), form, language);
    if field.is_agreement() {
        let ticked = if form.answers.agreed(field.name()) { " checked" } else { "" };
        return format!(
            "<p><label><input type=\"checkbox\" name=\"{name}\" value=\"on\"{required}{ticked}> {title}</label>{problem}</p>"
        );
    }
    let value = escape(form.answers.text(field.name()).unwrap_or_default());
    format!("<p><label>{title} <input name=\"{name}\" value=\"{value}\"{required}></label>{problem}</p>")
}

/// Never ticked beforehand. The box's value is the version that the person reads.
fn agreement(term: &Term, form: &SignUpForm, language: Locale) -> String {
    let (field, version, title) =
        (escape(&term.field()), escape(term.version()), escape(term.title(language)));
    let kind = match term.is_required() {
        true => text(language, "(필수)", "(required)"),
        false => text(language, "(선택)", "(optional)"),
    };
    let required = if term.is_required() { " required" } else { "" };
    let read = term.address(language).map(|address| {
        let words = text(language, "내용 보기", "Read");
        format!(" <a href=\"{}\" target=\"_blank\" rel=\"noopener\">{words}</a>", escape(address))
    });
    let (read, problem) = (read.unwrap_or_default(), problem(&term.field(), form, language));
    format!(
        "<p><label><input type=\"checkbox\" name=\"{field}\" value=\"{version}\"{required}> {kind} {title}</label>{read}{problem}</p>"
    )
}

fn problem(field: &str, form: &SignUpForm, language: Locale) -> String {
    let problem = form.problems.iter().find(|problem| problem.field == field);
    let problem = problem.map(|problem| format!(" <strong>{}</strong>", escape(&words(problem, language))));
    problem.unwrap_or_default()
}

fn words(problem: &Problem, language: Locale) -> String {
    match &problem.kind {
        ProblemKind::Missing if problem.field.starts_with(PREFIX) => {
            text(language, "가입하려면 동의해 주세요.", "Please agree to this.").to_owned()
        }
        ProblemKind::Missing => text(language, "꼭 적어 주세요.", "Please fill this in.").to_owned(),
        ProblemKind::TooLong => {
            text(language, "너무 깁니다. 줄여 주세요.", "This is too long. Please shorten it.").to_owned()
        }
        ProblemKind::Refused(reason) => reason.clone(),
    }
}
