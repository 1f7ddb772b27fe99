//! Files that pages refer to: compiled in, named by their content, so that browsers may keep them for ever.

use std::{borrow::Cow, sync::LazyLock};

/// One file.
#[derive(Debug)]
pub struct Asset {
    /// Its name in templates.
    name: Cow<'static, str>,
    /// Address with the content's fingerprint in it.
    address: String,
    /// Media type.
    pub content_type: &'static str,
    /// Content.
    pub body: Cow<'static, str>,
}

/// `Cache-Control` of every asset: another content has another address.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// All files, under `/assets/`.
pub static ASSETS: LazyLock<[Asset; 5]> = LazyLock::new(|| {
    [
        Asset::new("mapae", "css", STYLE),
        Asset::new("mapae", "js", include_str!("../../assets/mapae.js")),
        Asset::new("form-post", "js", include_str!("../../assets/form-post.js")),
        Asset::new("onwards", "js", include_str!("../../assets/onwards.js")),
        Asset::new("mark", "svg", include_str!("../../assets/mark.svg")),
    ]
});

/// One style sheet from the files that each look after one thing.
const STYLE: &str = concat!(
    include_str!("../../assets/1-base.css"),
    include_str!("../../assets/2-form.css"),
    include_str!("../../assets/3-card.css"),
    include_str!("../../assets/4-desk.css"),
    include_str!("../../assets/5-brands.css"),
);

impl Asset {
    fn new(stem: &'static str, extension: &'static str, body: &'static str) -> Self {
        Self::of(Cow::Borrowed(stem), extension, Cow::Borrowed(body))
    }

    /// A file that is written by the server itself.
    pub(in crate::pages) fn written(stem: String, extension: &'static str, body: String) -> Self {
        Self::of(Cow::Owned(stem), extension, Cow::Owned(body))
    }

    fn of(name: Cow<'static, str>, extension: &'static str, body: Cow<'static, str>) -> Self {
        let content_type = match extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        let address = format!("/assets/{name}-{:016x}.{extension}", fingerprint(body.as_bytes()));
        Self { name, address, content_type, body }
    }

    /// Address on this origin, starting with `/assets/`.
    pub fn address(&self) -> &str {
        &self.address
    }

    fn is(&self, file: &str) -> bool {
        file.rsplit_once('.').is_some_and(|(stem, extension)| {
            self.name == stem && self.address.rsplit_once('.').is_some_and(|(_, own)| own == extension)
        })
    }
}

/// The file at this address (`/assets/…`), if it is exactly one of ours.
pub fn at(address: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.address == address)
}

/// Address of a file by its plain name, for templates.
pub fn asset(file: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.is(file)).map_or("", Asset::address)
}

/// FNV-1a: tells versions apart, guards nothing.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_the_content() {
        for file in ["mapae.css", "mapae.js", "form-post.js", "mark.svg"] {
            let address = asset(file);
            assert!(address.starts_with("/assets/"), "{file}");
            assert!(at(address).is_some_and(|found| !found.body.is_empty()), "{file}");
        }
        assert_eq!(asset("other.css"), "");
        assert!(at("/assets/mapae.css").is_none());
        assert_ne!(fingerprint(b"a"), fingerprint(b"b"));
    }

    #[test]
    fn az_40_no_asset_reaches_elsewhere() {
        for asset in ASSETS.iter() {
            let body = asset.body.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !body.contains("//") || asset.content_type.starts_with("text/javascript"),
                "{}",
                asset.name
            );
            assert!(!body.contains("url(") || asset.name == "mark", "{}", asset.name);
            assert!(!body.contains("http") && !body.contains("@import"), "{}", asset.name);
        }
    }
}
