//! Writes every page in every state and language, with its assets, to a folder: `cargo run -p mapae --example preview -- DIR`.

use std::{env, fs, io, path::Path};

use mapae::pages::{PAGES, assets::ASSETS, brands};
use mapae_protocol::locale::Locale;

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1) else {
        return Err(io::Error::other("usage: preview DIR"));
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("assets"))?;
    for asset in ASSETS.iter().chain(brands::SAMPLES.files()) {
        fs::write(folder.join(asset.address().trim_start_matches('/')), asset.body.as_bytes())?;
    }
    let mut index = String::from("<!doctype html><title>Mapae</title><h1>Mapae</h1><ul>");
    for locale in Locale::ALL.iter().copied() {
        for sample in PAGES.iter().flat_map(|samples| samples(locale)) {
            let file = format!("{}.{}.{}.html", sample.page, sample.state, locale);
            fs::write(folder.join(&file), sample.html.body.replace("=\"/assets/", "=\"assets/"))?;
            index.push_str(&format!("<li><a href=\"{file}\">{file}</a></li>"));
        }
    }
    fs::write(folder.join("index.html"), index)
}
