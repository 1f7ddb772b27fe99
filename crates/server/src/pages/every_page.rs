//! What holds for every page in every state and language.

use std::{collections::HashSet, fs, path::Path};

use mapae_protocol::locale::Locale;
use scraper::{ElementRef, Html as Document, Selector};

use crate::pages::{PAGES, Sample, texts::MISSING};

/// Who has no password confirms by a provider's button.
const WITHOUT_FORM: (&str, &str) = ("sign-in", "confirm-passwordless");

/// Ids on which people's scripts and our own tests rely.
const STABLE: &[(&str, &[&str])] = &[
    ("sign-in", &["login-submit", "email", "password", "forgot-password"]),
    ("select-account", &["login-submit", "other-account"]),
    ("sign-up", &["login-submit", "email"]),
    ("sign-up-finish", &["login-submit", "name", "password"]),
    ("password-forgot", &["login-submit", "email"]),
    ("password-new", &["login-submit", "password"]),
    ("setup", &["login-submit", "name", "email", "password"]),
    ("consent", &["consent-approve", "consent-deny", "other-account"]),
    ("device", &["device-continue", "user_code"]),
    ("device-confirm", &["user-code", "device-allow", "device-deny", "other-account", "phishing"]),
    ("device-done", &["done"]),
    ("account", &["services", "browsers", "change-password"]),
    ("service", &["disconnect"]),
    ("service-disconnect", &["disconnect-confirm"]),
    ("console-new", &["app-create", "name", "device", "redirect_uris"]),
    ("console-app", &["client-id", "save-items", "save-general", "save-grants", "app-delete"]),
    ("console-secret", &["client-id", "client-secret"]),
    ("console-delete", &["app-delete-confirm", "name"]),
    ("sign-out", &["logout-confirm"]),
    ("form-post", &["form-post", "form-post-submit"]),
    ("detour", &["go-on", "error"]),
];

fn for_every_sample(check: impl Fn(&Sample, &Document, &str)) {
    for locale in Locale::ALL.iter().copied() {
        for sample in PAGES.iter().flat_map(|samples| samples(locale)) {
            let place = format!("{} {} {locale}", sample.page, sample.state);
            check(&sample, &Document::parse_document(&sample.html.body), &place);
        }
    }
}

pub(super) fn all<'a>(document: &'a Document, selector: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(selector).expect("a selector");
    document.select(&selector).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

/// The first end tag that does not end what was begun last: what a browser would have to guess.
fn unbalanced(html: &str) -> Option<String> {
    const VOID: [&str; 6] = ["meta", "link", "img", "source", "input", "br"];
    let mut open = Vec::new();
    for tag in html.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag)) {
        let name = tag.split_ascii_whitespace().next().unwrap_or_default();
        match name.strip_prefix('/') {
            Some(ended) if open.pop() != Some(ended) => return Some(tag.to_owned()),
            Some(_) => {}
            None if name.starts_with('!') || VOID.contains(&name) => {}
            None => open.push(name),
        }
    }
    open.pop().map(str::to_owned)
}

#[test]
fn every_template_is_a_listed_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/pages");
    let templates = fs::read_dir(folder).expect("templates").count();
    let names: HashSet<_> =
        PAGES.iter().flat_map(|samples| samples(Locale::Ko)).map(|sample| sample.page).collect();
    assert_eq!((templates, names.len()), (PAGES.len(), PAGES.len()));
}

#[test]
fn az_20_nothing_inline_can_run_and_nothing_foreign_is_loaded() {
    for_every_sample(|sample, document, place| {
        assert!(all(document, "style, [style], base, object, embed, meta[http-equiv]").is_empty(), "{place}");
        // LO-08: what is framed is in the policy, and can lead the page nowhere.
        for framed in all(document, "iframe") {
            let (sandbox, src) = (framed.attr("sandbox"), framed.attr("src").unwrap_or_default());
            assert_eq!(
                (sample.page, sandbox),
                ("signed-out", Some("allow-same-origin allow-scripts")),
                "{place}"
            );
            let source = format!("frame-src {};", src.split('?').next().unwrap_or_default());
            assert!(sample.html.policy.contains(&source), "{place}: {}", sample.html.policy);
        }
        assert_eq!(
            all(document, "iframe").is_empty(),
            !sample.html.policy.contains("frame-src"),
            "{place}: nothing else is framed"
        );
        for script in all(document, "script") {
            assert!(script.attr("src").is_some_and(|src| src.starts_with("/assets/")), "{place}");
            assert!(text(script).is_empty(), "{place}");
        }
        for element in all(document, "*") {
            assert!(
                !element.value().attrs().any(|(name, _)| name.starts_with("on")),
                "{place}: {:?}",
                element.value()
            );
        }
        for element in all(document, "[src]:not(iframe), link[href]") {
            let address = element.attr("src").or_else(|| element.attr("href")).unwrap_or_default();
            assert!(address.starts_with('/') && !address.starts_with("//"), "{place}: {address}");
        }
        let policy = &sample.html.policy;
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'"),
            "{place}"
        );
        assert!(
            policy.ends_with("base-uri 'none'; frame-ancestors 'none'") && !policy.contains("unsafe"),
            "{place}"
        );
    });
}

#[test]
fn se_05_every_form_is_bound_to_our_page_and_nothing_of_ours_goes_to_an_app() {
    for_every_sample(|sample, document, place| {
        for form in all(document, "form") {
            let hidden = Selector::parse("input[type=hidden]").expect("a selector");
            let bound = form
                .select(&hidden)
                .filter(|input| matches!(input.attr("name"), Some("csrf" | "step")))
                .filter(|input| input.attr("value").is_some_and(|value| !value.is_empty()))
                .count();
            let own = form.attr("action").is_some_and(|action| action.starts_with('/'));
            assert_eq!(form.attr("method"), Some("post"), "{place}");
            assert_eq!(own, !matches!(sample.page, "form-post" | "detour"), "{place}");
            assert_eq!(bound, usize::from(own), "{place}");
        }
    });
}

#[test]
fn every_page_is_well_formed_for_everybody() {
    for_every_sample(|sample, document, place| {
        assert_eq!(unbalanced(&sample.html.body), None, "{place}");
        assert!(
            sample.html.body.contains(&format!("<html lang=\"{}\">", &place[place.len() - 2..])),
            "{place}"
        );
        assert_eq!(all(document, "h1").len(), 1, "{place}");
        assert_eq!(all(document, "main").len(), 1, "{place}");
        assert!(all(document, "title").iter().all(|title| text(*title).len() > 9), "{place}");
        assert!(all(document, "img").iter().all(|img| img.attr("alt").is_some()), "{place}");
        assert!(all(document, "button, a").iter().all(|element| !text(*element).is_empty()), "{place}");
    });
}

#[test]
fn every_input_has_a_label_and_every_reference_an_end() {
    for_every_sample(|_, document, place| {
        let ids: Vec<_> = all(document, "[id]").iter().filter_map(|element| element.attr("id")).collect();
        assert_eq!(ids.len(), ids.iter().collect::<HashSet<_>>().len(), "{place}: an id is there twice");
        let labels: HashSet<_> =
            all(document, "label[for]").iter().filter_map(|label| label.attr("for")).collect();
        for input in all(document, "input:not([type=hidden]), textarea, select") {
            let labelled =
                input.attr("id").is_some_and(|id| labels.contains(id)) || input.attr("aria-label").is_some();
            assert!(labelled, "{place}: {:?}", input.value());
        }
        for attribute in ["aria-describedby", "aria-labelledby", "for", "data-copy", "data-reveal"] {
            for element in all(document, &format!("[{attribute}]")) {
                for end in element.attr(attribute).unwrap_or_default().split(' ') {
                    assert!(ids.contains(&end), "{place}: {attribute} leads to {end}");
                }
            }
        }
        for input in all(document, "input[type=email], input[type=password]") {
            assert!(input.attr("autocomplete").is_some(), "{place}");
        }
        for wrong in all(document, "[aria-invalid]") {
            assert!(wrong.attr("aria-describedby").is_some(), "{place}: {:?}", wrong.value());
        }
    });
}

#[test]
fn a_refused_form_says_so_aloud() {
    for_every_sample(|_, document, place| {
        if !all(document, "[aria-invalid]").is_empty() {
            let lonely = all(document, "input:not([type=hidden]), textarea").len() == 1;
            assert!(lonely || !all(document, "[role=alert]").is_empty(), "{place}");
        }
    });
}

#[test]
fn stable_ids_are_there() {
    for_every_sample(|sample, document, place| {
        if (sample.page, sample.state) == WITHOUT_FORM {
            assert!(all(document, "input[type=password], #login-submit").is_empty(), "{place}");
            assert!(!all(document, "a[href*='/upstream/']").is_empty(), "{place}: no way to confirm");
            return;
        }
        let ids = STABLE.iter().find(|(page, _)| *page == sample.page).map_or(&[][..], |(_, ids)| ids);
        for id in ids {
            assert_eq!(all(document, &format!("#{id}")).len(), 1, "{place}: #{id}");
        }
    });
}

#[test]
fn no_text_is_missing_and_no_placeholder_left() {
    for_every_sample(|sample, _, place| {
        assert!(!sample.html.body.contains(MISSING), "{place}");
        let left = sample.html.body.find('{').and_then(|at| sample.html.body.get(at..at + 20));
        assert_eq!(left, None, "{place}");
    });
}

#[test]
fn each_page_has_one_most_important_button() {
    for_every_sample(|sample, document, place| {
        if sample.page != "console-app" {
            assert!(all(document, "button.primary, a.primary, button.grave").len() <= 1, "{place}");
        }
    });
}

#[test]
fn languages_lead_to_the_same_page() {
    for_every_sample(|sample, document, place| {
        for link in all(document, ".tongues a") {
            let address = link.attr("href").unwrap_or_default();
            assert!(address.starts_with('/') && address.contains("lang="), "{place}");
            if all(document, "input[name=step]").len() == 1 {
                assert!(address.contains("step="), "{place}: {} loses its step", sample.page);
            }
        }
    });
}

#[test]
fn se_15_a_mail_page_tells_nothing_about_the_address() {
    let sent = |email: &str| {
        let page = crate::pages::mailed::MailSent {
            step: "s".to_owned(),
            purpose: crate::pages::mailed::MailPurpose::SignUp,
            email: email.to_owned(),
            minutes: 30,
        };
        crate::pages::render(&page, Locale::En).body.replace(email, "")
    };
    assert_eq!(sent("known@example.com"), sent("unknown@example.com"));
}
