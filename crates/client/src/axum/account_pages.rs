//! The pages about an account, without any design.

use std::{borrow::Cow, fmt::Write as _};

use mapae_protocol::locale::Locale;

use super::html::{document, escape, text};
use crate::{
    client::paths,
    definition::ButtonUse,
    identity::Identity,
    provider::Provider,
    sign_in_methods::{MethodToAdd, SignInMethod, SignInMethods, hint},
    terms::{Agreed, Agreement, Term},
};

pub(super) fn existing_account(identity: &Identity, providers: &[Provider], language: Locale) -> String {
    let title = text(language, "이미 가입한 계정이 있나요?", "Do you have an account already?");
    let advice = text(
        language,
        "이전에 쓰던 방법으로 로그인하면 아래 로그인 방법이 그 계정에 연결됩니다. 직접 시작한 가입이 아니라면 이 창을 닫아 주세요.",
        "Sign in the way you did before, and this way to sign in will open the same account. If you did not begin this yourself, close the page.",
    );
    let what = escape(&label(identity.provider(), providers, language));
    let hint = hint(identity).map(|hint| format!(" {}", escape(&hint))).unwrap_or_default();
    let mut body = format!("<p>{advice}</p><p><strong>{what}{hint}</strong></p>");
    for provider in providers {
        body.push_str(&provider_button(provider, paths::PROVE_ACCOUNT, &login_words(provider, language)));
    }
    document(title, &body, language)
}

pub(super) fn sign_in_methods(page: &SignInMethods, providers: &[Provider], language: Locale) -> String {
    let title = text(language, "로그인 방법", "Ways to sign in");
    let mut body = String::from("<ul>");
    for method in &page.methods {
        body.push_str(&line(method, page.fresh, providers, language));
    }
    body.push_str("</ul>");
    if page.fresh {
        let words = text(language, "로그인 방법 추가", "Add a way to sign in");
        let _ = write!(body, "<h2>{words}</h2>");
        for provider in providers {
            let words = label(provider.name(), providers, language);
            let words = match language {
                Locale::Ko => format!("{words} 추가"),
                Locale::En => format!("Add {words}"),
            };
            body.push_str(&provider_button(provider, paths::ADD_METHOD, &words));
        }
    } else {
        let advice = text(
            language,
            "로그인 방법을 추가하거나 삭제하려면 본인 확인을 위해 한 번 더 로그인해 주세요. 확인은 10분 동안 유효합니다.",
            "To add or remove a way to sign in, please sign in once more, so that we know it is you. That holds for ten minutes.",
        );
        let _ = write!(body, "<p>{advice}</p>");
        let of_account =
            |provider: &&Provider| page.methods.iter().any(|method| method.provider == provider.name());
        for provider in providers.iter().filter(of_account) {
            body.push_str(&provider_button(provider, paths::PROVE_AGAIN, &login_words(provider, language)));
        }
    }
    document(title, &body, language)
}

pub(super) fn sign_in_method_to_add(
    method: &MethodToAdd,
    providers: &[Provider],
    language: Locale,
) -> String {
    let title = text(language, "이 계정을 추가할까요?", "Add this way to sign in?");
    let advice = text(
        language,
        "추가하면 아래 계정으로도 지금 계정에 로그인할 수 있습니다. 내 계정이 맞는지 확인해 주세요. 여럿이 쓰는 컴퓨터라면 다른 사람의 계정일 수 있습니다.",
        "Whoever has the account below will be able to sign in to your account with it. Please check that it is yours: on a shared computer it may be somebody else’s.",
    );
    let provider = escape(&label(&method.provider, providers, language));
    let whose = [&method.name, &method.hint].into_iter().flatten();
    let whose: String = whose.map(|part| format!(" <bdi>{}</bdi>", escape(part))).collect();
    let (yes, no) = (text(language, "추가하기", "Add it"), text(language, "추가하지 않기", "Do not add it"));
    let (action, mark) = (paths::CONFIRM_METHOD, escape(&method.mark));
    let back = escape(&method.return_to.to_string());
    let body = format!(
        "<p>{advice}</p><p><strong id=\"method\">{provider}{whose}</strong></p><form method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"mark\" value=\"{mark}\"><button id=\"confirm-submit\">{yes}</button></form>\
         <p><a href=\"{back}\">{no}</a></p>"
    );
    document(title, &body, language)
}

fn line(method: &SignInMethod, fresh: bool, providers: &[Provider], language: Locale) -> String {
    let name = escape(&label(&method.provider, providers, language));
    let hint = method.hint.as_deref().map(|hint| format!(" {}", escape(hint))).unwrap_or_default();
    let current =
        if method.current { text(language, " (지금 로그인한 방법)", " (used now)") } else { "" };
    let action = if !method.removable {
        let words = text(
            language,
            "마지막 로그인 방법이라 삭제할 수 없습니다.",
            "The last way to sign in cannot be removed.",
        );
        format!(" <small>{words}</small>")
    } else if fresh {
        let id = escape(&method.id);
        let words = text(language, "삭제", "Remove");
        format!(
            "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"id\" value=\"{id}\"><button>{words}</button></form>",
            paths::REMOVE_METHOD
        )
    } else {
        String::new()
    };
    format!("<li>{name}{hint}{current}{action}</li>")
}

pub(super) fn agreements(terms: &[Term], agreements: &[Agreement], language: Locale) -> String {
    let title = text(language, "약관 동의 내역", "What you agreed to");
    let agreed: Vec<Agreed> = agreements.iter().filter_map(Agreement::standing).collect();
    let mut body = String::from("<ul>");
    for term in terms {
        body.push_str(&term_line(term, term.is_among(&agreed), language));
    }
    body.push_str("</ul>");
    document(title, &body, language)
}

fn term_line(term: &Term, agreed: bool, language: Locale) -> String {
    let (name, version) = (escape(term.name()), escape(term.version()));
    let title = escape(term.title(language));
    let state = match (agreed, term.is_required()) {
        (true, _) => text(language, "동의함", "agreed"),
        (false, true) => {
            text(language, "다음 로그인 때 동의가 필요합니다", "to be agreed to at the next sign-in")
        }
        (false, false) => text(language, "동의하지 않음", "not agreed"),
    };
    let action = if term.is_required() {
        String::new()
    } else {
        let (hidden, words) = if agreed {
            (String::new(), text(language, "동의 철회", "Withdraw"))
        } else {
            let hidden = format!("<input type=\"hidden\" name=\"version\" value=\"{version}\">");
            (hidden, text(language, "동의", "Agree"))
        };
        format!(
            "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"term\" value=\"{name}\">{hidden}<button>{words}</button></form>",
            paths::TERMS
        )
    };
    let read = term.address(language).map(|address| {
        let words = text(language, "내용 보기", "Read");
        format!(" <a href=\"{}\" target=\"_blank\" rel=\"noopener\">{words}</a>", escape(address))
    });
    let read = read.unwrap_or_default();
    format!("<li>{title} ({version}): {state}{read}{action}</li>")
}

fn provider_button(provider: &Provider, action: &str, words: &str) -> String {
    let (name, words) = (escape(provider.name()), escape(words));
    format!(
        "<form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"provider\" value=\"{name}\"><button>{words}</button></form>"
    )
}

/// What stands on the provider's button; a generic one is called what the application calls it.
fn login_words(provider: &Provider, language: Locale) -> Cow<'_, str> {
    let definition = provider.definition();
    if definition.is_generic() {
        Cow::Owned(ButtonUse::SignIn.words(provider.name(), language))
    } else {
        definition.button_words(ButtonUse::SignIn, language)
    }
}

/// What people call the provider; for a generic one, what the application calls it.
fn label(name: &str, providers: &[Provider], language: Locale) -> String {
    let known = providers.iter().find(|provider| provider.name() == name);
    match known {
        Some(provider) if !provider.definition().is_generic() => {
            provider.definition().label(language).to_owned()
        }
        _ => name.to_owned(),
    }
}
