//! Which module of the store keeps that something works once, and for what: a new one does not pass without an answer.

use std::{collections::BTreeSet, fs, path::Path};

use super::Kind;

/// What a module has to do with things that work once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeps {
    /// Its statements let these work once.
    Once(&'static [Kind]),
    /// What it lets happen once has no answer that would tell the second time from the first; this test sees what it did.
    Unseen(&'static str),
    /// Nothing that somebody presents.
    Nothing,
}

/// Each file and folder of `src/store`.
const MODULES: &[(&str, Keeps)] = &[
    ("alive", Keeps::Nothing),
    ("apis", Keeps::Nothing),
    ("app_icons", Keeps::Nothing),
    ("app_secrets", Keeps::Nothing),
    ("apps", Keeps::Nothing),
    // What is too long for a code; that the code works once is its grant's.
    ("codes", Keeps::Once(&[Kind::Code])),
    ("consents", Keeps::Nothing),
    ("counters", Keeps::Nothing),
    ("db", Keeps::Nothing),
    ("developers", Keeps::Nothing),
    ("device_requests", Keeps::Once(&[Kind::DeviceCode, Kind::UserCode])),
    ("dpop_proofs", Keeps::Once(&[Kind::DpopProof])),
    ("exchange_permissions", Keeps::Nothing),
    ("grant_states", Keeps::Nothing),
    ("grants", Keeps::Once(&[Kind::Code, Kind::RefreshToken, Kind::DeviceCode])),
    ("identities", Keeps::Nothing),
    ("initial_access_tokens", Keeps::Once(&[Kind::InitialToken])),
    ("issuer", Keeps::Nothing),
    ("keys", Keeps::Nothing),
    ("links", Keeps::Once(&[Kind::SignUpLink, Kind::ResetLink, Kind::SetupLink])),
    ("logout_notices", Keeps::Unseen("lo_07_of_two_nodes_one_carries_a_notice_out")),
    ("mail_orders", Keeps::Unseen("db_01_of_many_who_reach_for_an_order_one_has_it")),
    ("pushed_requests", Keeps::Once(&[Kind::PushedRequest])),
    ("registrations", Keeps::Once(&[Kind::ManagementToken])),
    ("revocations", Keeps::Nothing),
    ("server_clocks", Keeps::Nothing),
    ("session_apps", Keeps::Nothing),
    ("sessions", Keeps::Nothing),
    ("steps", Keeps::Once(&[Kind::ProviderState])),
    ("sweep", Keeps::Nothing),
    ("term_agreements", Keeps::Nothing),
    ("tokens", Keeps::Nothing),
    ("upstream_notices", Keeps::Unseen("lk_12_a_used_signature_is_not_shown_under_the_other_notice_later")),
    ("upstream_permissions", Keeps::Nothing),
    ("upstreams", Keeps::Nothing),
    ("used_assertions", Keeps::Once(&[Kind::ClientAssertion])),
    ("users", Keeps::Nothing),
    ("verification", Keeps::Nothing),
];

#[test]
fn mx_02_every_module_of_the_store_says_what_works_once_by_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut modules = BTreeSet::new();
    for entry in fs::read_dir(folder.join("src/store")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        modules.extend(Some(name).filter(|name| name != "mod"));
    }
    let told: BTreeSet<String> = MODULES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(told, modules);
    let kinds: Vec<Kind> = MODULES
        .iter()
        .flat_map(|(_, keeps)| match keeps {
            Keeps::Once(kinds) => *kinds,
            Keeps::Unseen(_) | Keeps::Nothing => &[],
        })
        .copied()
        .collect();
    for kind in Kind::ALL {
        assert!(kinds.contains(&kind), "{kind:?} works once by no module");
    }
}

#[test]
fn mx_02_what_has_no_answer_has_a_test_of_its_own() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let text = all_text(&tests);
    for (module, keeps) in MODULES {
        if let Keeps::Unseen(test) = keeps {
            assert!(text.contains(&format!("async fn {test}(")), "{module}: there is no test {test}");
        }
    }
}

fn all_text(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { all_text(&path) } else { fs::read_to_string(path).unwrap() })
        .collect()
}
