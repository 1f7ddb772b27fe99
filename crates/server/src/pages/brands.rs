//! How the buttons of providers look: one style sheet and the marks, written from the definitions of the providers that
//! there are.
//!
//! Colours are rules of a file of this origin and marks are images, because nothing in a page of ours has a style of its
//! own. The file's address carries its content, as that of every asset.

use std::{collections::BTreeMap, sync::LazyLock};

use mapae_client::{ButtonLook, Definition};

use crate::pages::assets::Asset;

/// The style sheet and the marks.
#[derive(Debug, Default)]
pub struct Brands {
    sheet: Option<Asset>,
    marks: Vec<Asset>,
    brands: BTreeMap<String, Brand>,
}

/// How the button of one provider looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// The address of the style sheet that has its colours.
    sheet: String,
    /// Its class there.
    class: String,
    /// The address of its mark.
    mark: Option<String>,
    /// The address of its mark on dark pages, where it is another.
    dark_mark: Option<String>,
}

/// The brands of the definitions that are compiled in, for the samples of pages.
pub static SAMPLES: LazyLock<Brands> = LazyLock::new(|| {
    let definitions: Vec<_> = Definition::ids().filter_map(|id| Definition::named(id).ok()).collect();
    Brands::new(
        definitions.iter().filter_map(|definition| Some((definition.id(), definition.button_look()?))),
    )
});

impl Brands {
    /// Those of these providers, by their names in addresses.
    pub fn new<'a>(looks: impl Iterator<Item = (&'a str, &'a ButtonLook)> + Clone) -> Self {
        let class = |name: &str| format!("brand-{name}");
        let rules: String =
            looks.clone().map(|(name, look)| look.rules(&format!(".brand-button.{}", class(name)))).collect();
        if rules.is_empty() {
            return Self::default();
        }
        let sheet = Asset::written("brands".to_owned(), "css", rules);
        let (mut marks, mut brands) = (Vec::new(), BTreeMap::new());
        for (name, look) in looks {
            let mut written = |svg: Option<String>| {
                let mark = Asset::written(class(name), "svg", svg?);
                let address = mark.address().to_owned();
                marks.push(mark);
                Some(address)
            };
            let brand = Brand {
                sheet: sheet.address().to_owned(),
                class: class(name),
                mark: written(look.mark()),
                dark_mark: written(look.dark_mark()),
            };
            brands.insert(name.to_owned(), brand);
        }
        Self { sheet: Some(sheet), marks, brands }
    }

    /// The brand of the provider of this name, if it has one.
    pub fn brand(&self, name: &str) -> Option<&Brand> {
        self.brands.get(name)
    }

    /// All files.
    pub fn files(&self) -> impl Iterator<Item = &Asset> {
        self.sheet.iter().chain(&self.marks)
    }

    /// The file at this address (`/assets/…`), if it is exactly one of these.
    pub fn at(&self, address: &str) -> Option<&Asset> {
        self.files().find(|asset| asset.address() == address)
    }
}

impl Brand {
    pub(in crate::pages) fn sheet(&self) -> &str {
        &self.sheet
    }

    pub(in crate::pages) fn class(&self) -> &str {
        &self.class
    }

    pub(in crate::pages) fn mark(&self) -> Option<&str> {
        self.mark.as_deref()
    }

    pub(in crate::pages) fn dark_mark(&self) -> Option<&str> {
        self.dark_mark.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn az_40_what_a_definition_says_reaches_nowhere_else() {
        assert!(SAMPLES.files().count() > Definition::ids().count());
        for asset in SAMPLES.files() {
            let body = asset.body.replace("http://www.w3.org/2000/svg", "");
            let elsewhere = ["//", "url(", "http", "@import", "<script", "style="];
            assert!(!elsewhere.iter().any(|part| body.contains(part)), "{body}");
            assert_eq!(SAMPLES.at(asset.address()).map(Asset::address), Some(asset.address()));
        }
        assert!(SAMPLES.at("/assets/brands.css").is_none());
    }

    #[test]
    fn what_has_no_look_has_no_brand() {
        assert!(
            SAMPLES.brand("kakao").is_some_and(|brand| brand.mark().is_some() && brand.dark_mark().is_none())
        );
        assert!(SAMPLES.brand("apple").is_some_and(|brand| brand.dark_mark().is_some()));
        assert_eq!(SAMPLES.brand("oidc"), None);
        assert_eq!(Brands::new(std::iter::empty()).files().count(), 0);
    }
}
