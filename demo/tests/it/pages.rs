//! Every page in every state and both languages.

use std::collections::BTreeSet;

use mapae_demo::preview;
use scraper::{Html, Selector};

fn all(page: &Html, selector: &str) -> usize {
    page.select(&Selector::parse(selector).unwrap()).count()
}

#[test]
fn every_page_is_whole() {
    let pages = preview::pages();
    assert_eq!(pages.len(), 38 + 28 + 4);
    for page in &pages {
        let (name, html) = (&page.name, &page.html);
        let parsed = Html::parse_document(html);
        assert!(!html.contains('\u{FFFD}'), "{name}: a text is missing");
        assert!(!html.contains("{{") && !html.contains("{%"), "{name}");
        assert_eq!(all(&parsed, "h1"), 1, "{name}");
        assert_eq!(all(&parsed, "main#main"), 1, "{name}");
        let language = name.rsplit('.').next().unwrap();
        assert_eq!(all(&parsed, &format!("html[lang={language}]")), 1, "{name}");
        assert_eq!(
            all(&parsed, "script:not([src])") + all(&parsed, "style") + all(&parsed, "[style]"),
            0,
            "{name}"
        );
        assert!(!html.contains("javascript:") && !html.contains(" onclick="), "{name}");
        assert_eq!(all(&parsed, "img:not([alt])"), 0, "{name}");
    }
    let names: BTreeSet<_> = pages.iter().map(|page| &page.name).collect();
    assert_eq!(names.len(), pages.len());
}

#[test]
fn every_input_has_a_label_and_every_id_is_one() {
    for page in preview::pages() {
        let parsed = Html::parse_document(&page.html);
        let ids: Vec<&str> =
            parsed.select(&Selector::parse("[id]").unwrap()).filter_map(|e| e.value().id()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{}", page.name);
        for input in parsed.select(&Selector::parse("input, select").unwrap()) {
            let inside =
                input.ancestors().any(|e| e.value().as_element().is_some_and(|e| e.name() == "label"));
            let labelled =
                input.value().id().is_some_and(|id| all(&parsed, &format!("label[for={id}]")) == 1);
            assert!(inside || labelled, "{}: {:?}", page.name, input.value());
            if let Some(described) = input.value().attr("aria-describedby") {
                assert!(described.split(' ').all(|id| ids.contains(&id)), "{}: {described}", page.name);
            }
        }
    }
}

#[test]
fn what_strangers_wrote_is_text() {
    let pages = preview::pages();
    let calendar = pages.iter().find(|page| page.name == "calendar.full.ko").unwrap();
    assert!(calendar.html.contains("저녁 식사 &#60;b&#62;약속&#60;/b&#62;"), "{}", calendar.html);
    assert!(!calendar.html.contains("<b>약속"));
}

#[test]
fn a_refused_item_is_said_plainly() {
    for page in preview::pages() {
        let parsed = Html::parse_document(&page.html);
        let form = all(&parsed, "form#add-event");
        match page.name.as_str() {
            name if name.starts_with("calendar.full") => {
                assert_eq!((form, all(&parsed, "#cannot-write")), (1, 0));
            }
            name if name.starts_with("calendar.read_only") => {
                assert_eq!((form, all(&parsed, "#cannot-write"), all(&parsed, "#sheet")), (0, 1, 1));
            }
            name if name.starts_with("calendar.refused") => {
                assert_eq!((form, all(&parsed, "#cannot-read"), all(&parsed, "#sheet")), (0, 1, 0));
            }
            _ => {}
        }
    }
}

#[test]
fn assets_of_pages_exist() {
    let addresses: BTreeSet<&str> = preview::assets().iter().map(|(address, _)| *address).collect();
    for page in preview::pages() {
        let parsed = Html::parse_document(&page.html);
        for (selector, attribute) in [("link", "href"), ("script", "src"), ("img", "src")] {
            for element in parsed.select(&Selector::parse(selector).unwrap()) {
                let address = element.value().attr(attribute).unwrap();
                assert!(addresses.contains(address), "{}: {address}", page.name);
            }
        }
    }
}
