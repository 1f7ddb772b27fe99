//! The texts: all there, in both languages, and none without use.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::pages::texts::{Catalogue, EN_SOURCE, KO_SOURCE};

fn catalogue(source: &str) -> BTreeMap<String, String> {
    Catalogue::parse(source).expect("a readable catalogue").0.into_iter().collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Every `"section.key"` written in templates, page sources and grant types, tests apart.
fn used() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sections: BTreeSet<_> = catalogue(KO_SOURCE)
        .keys()
        .filter_map(|key| key.split_once('.').map(|(section, _)| section.to_owned()))
        .collect();
    let mut paths = Vec::new();
    files(&root.join("templates"), &mut paths);
    files(&root.join("src/pages"), &mut paths);
    // Each says what it is called in the console.
    files(&root.join("src/grant_types"), &mut paths);
    let mut used = BTreeSet::new();
    for path in paths {
        let source = fs::read_to_string(&path).expect("a text file");
        let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let literals = source.split('"').filter(|literal| {
            literal.split_once('.').is_some_and(|(section, key)| {
                sections.contains(section)
                    && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            })
        });
        used.extend(literals.map(str::to_owned));
    }
    // File names look like keys.
    used.retain(|key| !key.ends_with(".html") && !key.ends_with(".rs"));
    used
}

/// English needs a second form for one; it is used by the first one's name.
fn plain(key: &str) -> &str {
    key.strip_suffix("_one").unwrap_or(key)
}

#[test]
fn no_key_is_missing_and_none_is_unused() {
    let used = used();
    for source in [KO_SOURCE, EN_SOURCE] {
        let there: BTreeSet<_> = catalogue(source).keys().map(|key| plain(key).to_owned()).collect();
        let missing: Vec<_> = used.difference(&there).collect();
        let unused: Vec<_> = there.difference(&used).collect();
        assert!(missing.is_empty() && unused.is_empty(), "missing {missing:?}, unused {unused:?}");
    }
}

#[test]
fn both_languages_fill_the_same_placeholders() {
    let (ko, en) = (catalogue(KO_SOURCE), catalogue(EN_SOURCE));
    let placeholders = |text: &str| {
        let names =
            text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned()));
        names.collect::<BTreeSet<_>>()
    };
    for (key, text) in &ko {
        assert_eq!(Some(placeholders(text)), en.get(key).map(|text| placeholders(text)), "{key}");
    }
}

#[test]
fn texts_are_tidy() {
    for (key, text) in catalogue(KO_SOURCE).into_iter().chain(catalogue(EN_SOURCE)) {
        assert!(!text.trim().is_empty() && !text.contains("  ") && !text.contains("..."), "{key}: {text}");
        assert!(!text.contains(['<', '>']) || key == "consent.later", "{key}: markup belongs into templates");
    }
    // Particles that depend on how a name ends cannot follow one.
    for (key, text) in catalogue(KO_SOURCE) {
        for particle in ["}을", "}를", "}이 ", "}가 ", "}은 ", "}는 ", "}로", "}으로", "}와 ", "}과 "]
        {
            assert!(!text.contains(particle), "{key}: {text}");
        }
    }
}
