//! The app and the people that are there from the start.

use crate::{App, ConsentItem, Person, Requirement, person::person_with};

pub(super) fn app() -> App {
    let mut items = App::items_of(&["openid", "email", "profile"], &[]);
    items.push(ConsentItem {
        id: "https://www.googleapis.com/auth/calendar.readonly".to_owned(),
        requirement: Requirement::Optional,
    });
    App {
        client_id: "100000000001-mapae.apps.googleusercontent.com".to_owned(),
        client_secret: Some("GOCSPX-mapae-simulation".to_owned()),
        name: "나의 서비스".to_owned(),
        redirect_uris: vec![
            "http://localhost:3000/callback".to_owned(),
            "http://localhost:8080/callback".to_owned(),
        ],
        items,
        oidc: true,
        ..App::default()
    }
}

pub(super) fn people() -> Vec<Person> {
    let named = |given: &str, family: &str, person: Person| Person {
        full_name: Some(format!("{given} {family}")),
        given_name: Some(given.to_owned()),
        family_name: Some(family.to_owned()),
        ..person
    };
    vec![
        // A Workspace account: Google is authoritative for the address.
        named(
            "Minseo",
            "Kim",
            Person {
                hosted_domain: Some("corp.example".to_owned()),
                picture: true,
                ..person_with("minseo", "108176814619778619437", "Minseo Kim", Some("minseo@corp.example"))
            },
        ),
        // A Gmail account: authoritative, too.
        named(
            "Jiwoo",
            "Lee",
            Person {
                picture: true,
                ..person_with(
                    "jiwoo",
                    "112233445566778899001",
                    "Jiwoo Lee",
                    Some("jiwoo.simulated@gmail.com"),
                )
            },
        ),
        // A verified address of a domain that Google does not control; the same person elsewhere.
        named(
            "민지 👩🏽‍💻",
            "<b>שלום</b>",
            person_with("minji", "100000000000000000021", "민지", Some("minji@example.test")),
        ),
        // The address is not verified.
        named(
            "Alex",
            "Park",
            Person {
                email_verified: false,
                ..person_with("alex", "115511551155115511551", "Alex Park", Some("alex@example.test"))
            },
        ),
        // No name and no picture.
        person_with("nameless", "104040404040404040404", "", Some("nameless@gmail.com")),
    ]
}
