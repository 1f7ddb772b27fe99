//! The pages of the client's routes.

use std::fmt::Write as _;

use crate::{
    client::paths,
    error::{Error, Language},
    sign_up::{Field, Problem, ProblemKind, SignUpForm},
};

/// The pages that an application shows in its own design, each as a whole HTML document.
///
/// Texts of a provider (names, addresses) are of strangers: escape them.
pub trait Pages: Send + Sync + 'static {
    /// The sign-up form. It is posted to `/sign-up`, with a field for each of the form's.
    fn sign_up(&self, form: &SignUpForm, language: Language) -> String {
        plain_sign_up(form, language)
    }

    /// Something went wrong; [`Error::explain`] has the words.
    fn failed(&self, error: &Error, language: Language) -> String {
        plain_failed(error, language)
    }
}

/// Pages without any design: for a first afternoon.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainPages;

impl Pages for PlainPages {}

fn plain_failed(error: &Error, language: Language) -> String {
    let explanation = error.explain(language);
    let again = text(language, "처음으로", "To the start page");
    let body = format!("<p>{}</p><p><a href=\"/\">{again}</a></p>", escape(explanation.advice));
    document(explanation.title, &body, language)
}

fn plain_sign_up(form: &SignUpForm, language: Language) -> String {
    let title = text(language, "가입하기", "Sign up");
    let mut body = String::new();
    if let Some(name) = form.identity.name() {
        let _ = write!(body, "<p>{}</p>", escape(name));
    }
    let _ = write!(body, "<form method=\"post\" action=\"{}\">", paths::SIGN_UP);
    for field in &form.fields {
        body.push_str(&input(field, form, language));
    }
    let _ = write!(body, "<p><button id=\"sign-up-submit\">{title}</button></p></form>");
    document(title, &body, language)
}

fn input(field: &Field, form: &SignUpForm, language: Language) -> String {
    let name = escape(field.name());
    let required = if field.is_required() { " required" } else { "" };
    let problem = form.problems.iter().find(|problem| problem.field == field.name());
    let problem = problem.map(|problem| format!(" <strong>{}</strong>", escape(&words(problem, language))));
    let problem = problem.unwrap_or_default();
    if field.is_agreement() {
        let ticked = if form.answers.agreed(field.name()) { " checked" } else { "" };
        return format!(
            "<p><label><input type=\"checkbox\" name=\"{name}\" value=\"on\"{required}{ticked}> {name}</label>{problem}</p>"
        );
    }
    let value = escape(form.answers.text(field.name()).unwrap_or_default());
    format!("<p><label>{name} <input name=\"{name}\" value=\"{value}\"{required}></label>{problem}</p>")
}

fn words(problem: &Problem, language: Language) -> String {
    match &problem.kind {
        ProblemKind::Missing => text(language, "꼭 적어 주세요.", "Please fill this in.").to_owned(),
        ProblemKind::TooLong => {
            text(language, "너무 깁니다. 줄여 주세요.", "This is too long. Please shorten it.").to_owned()
        }
        ProblemKind::Refused(reason) => reason.clone(),
    }
}

fn document(title: &str, body: &str, language: Language) -> String {
    let (tag, title) = (language.tag(), escape(title));
    format!(
        "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title></head>\
         <body><h1>{title}</h1>{body}</body></html>"
    )
}

const fn text<'a>(language: Language, korean: &'a str, english: &'a str) -> &'a str {
    match language {
        Language::Korean => korean,
        Language::English => english,
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
