//! The app and the people that are there from the start.

use serde_json::json;

use crate::{App, Person, person::person_with};

/// The key that signs the client secrets of the default app is known to everybody: see `client_secret.rs`.
pub(super) fn app() -> App {
    App {
        client_id: "com.example.mapae.web".to_owned(),
        name: "나의 서비스".to_owned(),
        redirect_uris: vec![
            "http://localhost:3000/callback".to_owned(),
            "http://localhost:8080/callback".to_owned(),
        ],
        items: App::items_of(&[], &["name", "email"]),
        oidc: true,
        team_id: Some("SIMULATED0".to_owned()),
        client_keys: vec![json!({
            "kty": "EC",
            "crv": "P-256",
            "kid": "SIMULATED1",
            "alg": "ES256",
            "x": "xFEq4Lqxbpo6MGOn59uAp93yyN_4hL2SzGZ2WqY6m2c",
            "y": "2zrimIZOAhPKwbnSgtZNS16sLxbhLzy8k0mNAEsU2xo",
        })],
        ..App::default()
    }
}

pub(super) fn people() -> Vec<Person> {
    let named = |first: &str, last: &str, person: Person| Person {
        full_name: Some(format!("{first} {last}")),
        given_name: Some(first.to_owned()),
        family_name: Some(last.to_owned()),
        nickname: format!("{first} {last}"),
        ..person
    };
    vec![
        named("Haru", "Yoon", person_with("haru", "apple-0001", "", Some("haru@icloud.example"))),
        // A managed account: there is no address.
        named("Garam", "Lim", person_with("garam", "apple-0002", "", None)),
        // The same address as a person of the other providers, and a name that tests pages.
        named("민지 👩🏽‍💻", "<b>שלום</b>", person_with("minji", "apple-0003", "", Some("minji@example.test"))),
    ]
}
