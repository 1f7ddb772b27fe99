//! How the social providers look: a style sheet and their marks, written from the definitions by which they are spoken to.

use std::borrow::Cow;

use mapae_client::{ButtonLook, Definition};

use super::assets::{self, Asset};
use crate::flow::social;

/// All files.
pub(super) fn files() -> Vec<Asset> {
    let mut files = Vec::new();
    let mut rules = String::new();
    let definitions =
        social::PROVIDERS.iter().filter_map(|name| Some((*name, Definition::named(name).ok()?)));
    for (name, definition) in definitions {
        let Some(look) = definition.button_look() else { continue };
        rules.push_str(&rules_of(name, look));
        let marks = [(mark_file(name), look.mark()), (dark_mark_file(name), look.dark_mark())];
        files.extend(marks.into_iter().filter_map(|(file, svg)| Some(written(file, svg?))));
    }
    files.push(written("brands.css".to_owned(), rules));
    files
}

/// Address of a provider's mark, for templates.
pub(crate) fn mark(name: &str) -> &'static str {
    assets::asset(&mark_file(name))
}

/// The same for dark pages, where it is another.
pub(crate) fn dark_mark(name: &str) -> Option<&'static str> {
    assets::find(&dark_mark_file(name))
}

/// Its button, its mark alone, and its mark beside a sentence.
fn rules_of(name: &str, look: &ButtonLook) -> String {
    look.rules(&format!(
        ".social.{name}, .social.{name}:hover, .mark-alone.{name}, .signed-in-with.{name} .social-mark"
    ))
}

fn written(file: String, body: String) -> Asset {
    Asset::written(Cow::Owned(file), Cow::Owned(body))
}

fn mark_file(name: &str) -> String {
    format!("{name}.svg")
}

fn dark_mark_file(name: &str) -> String {
    format!("{name}-dark.svg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_its_colours_and_its_mark() {
        let sheet = files().pop().unwrap();
        for name in social::PROVIDERS {
            assert!(mark(name).starts_with("/assets/"), "{name}");
            assert!(sheet.body.contains(&format!(".mark-alone.{name},")), "{name}");
        }
        assert!(dark_mark("apple").is_some());
        assert_eq!(dark_mark("kakao"), None);
    }
}
