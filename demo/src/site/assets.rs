//! Files that pages refer to: compiled in, named by their content, so that browsers may keep them.

use std::{borrow::Cow, sync::LazyLock};

use axum::{
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header};

use super::brands;

/// One file.
#[derive(Debug)]
pub(crate) struct Asset {
    name: Cow<'static, str>,
    address: String,
    content_type: &'static str,
    pub(crate) body: Cow<'static, str>,
}

/// Another content has another address.
const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

const STYLE: &str = concat!(
    include_str!("../../assets/1-base.css"),
    include_str!("../../assets/2-pages.css"),
    include_str!("../../assets/3-calendar.css"),
    include_str!("../../assets/4-social.css"),
);

const FLOW_STYLE: &str = concat!(
    include_str!("../../assets/flow/1-stage.css"),
    include_str!("../../assets/flow/2-arrows.css"),
    include_str!("../../assets/flow/3-details.css"),
    include_str!("../../assets/flow/4-sides.css"),
);

const FLOW_SCRIPT: &str = concat!(
    include_str!("../../assets/flow/1-words.js"),
    include_str!("../../assets/flow/2-details.js"),
    include_str!("../../assets/flow/3-diagram.js"),
    include_str!("../../assets/flow/4-keys.js"),
    include_str!("../../assets/flow/4-sides.js"),
    include_str!("../../assets/flow/5-live.js"),
);

/// All files, under `/assets/`.
pub(crate) static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let compiled_in = [
        Asset::new("service.css", STYLE),
        Asset::new("flow.css", FLOW_STYLE),
        Asset::new("flow.js", FLOW_SCRIPT),
        Asset::new("browser-app.js", include_str!("../../assets/browser-app.js")),
        Asset::new("session.js", include_str!("../../assets/session.js")),
        Asset::new("mark.svg", include_str!("../../assets/mark.svg")),
        Asset::new("hello.svg", include_str!("../../assets/hello.svg")),
    ];
    compiled_in.into_iter().chain(brands::files()).collect()
});

impl Asset {
    fn new(name: &'static str, body: &'static str) -> Self {
        Self::written(Cow::Borrowed(name), Cow::Borrowed(body))
    }

    /// A file that is not in the tree.
    pub(super) fn written(name: Cow<'static, str>, body: Cow<'static, str>) -> Self {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
        let content_type = match extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        let address = format!("/assets/{stem}-{:016x}.{extension}", fingerprint(body.as_bytes()));
        Self { name, address, content_type, body }
    }

    /// Where it is.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

/// Address of a file by its plain name, for templates.
pub(crate) fn asset(name: &str) -> &'static str {
    find(name).unwrap_or_default()
}

/// The same, of a file that may not be there.
pub(super) fn find(name: &str) -> Option<&'static str> {
    ASSETS.iter().find(|asset| asset.name == name).map(Asset::address)
}

/// `GET /assets/{name}`
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let wanted = format!("/assets/{name}");
    match ASSETS.iter().find(|asset| asset.address == wanted) {
        Some(asset) => {
            let headers =
                [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, CACHE_CONTROL)];
            (headers, asset.body.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
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
    fn addresses_carry_the_content_and_nothing_comes_from_elsewhere() {
        for file in ASSETS.iter() {
            assert!(asset(&file.name).starts_with("/assets/"), "{}", file.name);
            let body = file.body.replace("http://www.w3.org/", "");
            assert!(
                !body.contains("http:") && !body.contains("https:") && !body.contains("@import"),
                "{}",
                file.name
            );
        }
        assert_eq!(asset("other.css"), "");
    }

    #[test]
    fn scripts_write_texts_and_never_markup() {
        for file in ASSETS.iter().filter(|file| file.name.ends_with(".js")) {
            for markup in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
            {
                assert!(!file.body.contains(markup), "{}: {markup}", file.name);
            }
        }
    }
}
