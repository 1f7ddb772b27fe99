//! The app and the people that are there from the start.

use crate::{App, ConsentItem, Gender, Person, Requirement, person::person_with};

pub(super) fn app() -> App {
    let mut items = App::items_of(&["public_profile"], &["email"]);
    let in_use = |id: &str| ConsentItem { id: id.to_owned(), requirement: Requirement::InUse };
    items.extend(["user_birthday", "user_gender", "user_age_range"].map(in_use));
    App {
        client_id: "1020304050607080".to_owned(),
        client_secret: Some("0123456789abcdef0123456789abcdef".to_owned()),
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
    let named = |first: &str, last: &str, person: Person| Person {
        full_name: Some(format!("{first} {last}")),
        given_name: Some(first.to_owned()),
        family_name: Some(last.to_owned()),
        nickname: format!("{first} {last}"),
        ..person
    };
    vec![
        named(
            "Sora",
            "Choi",
            Person {
                gender: Some(Gender::Female),
                birthyear: Some("1994".to_owned()),
                birthday: Some("0228".to_owned()),
                picture: true,
                ..person_with("sora", "700000001", "", Some("sora@example.test"))
            },
        ),
        // The account was made with a phone number.
        named(
            "Dami",
            "Han",
            Person { login: "01055556666".to_owned(), ..person_with("dami", "700000002", "", None) },
        ),
        // The address is not confirmed, so nobody is told of it.
        named(
            "Taeo",
            "Seo",
            Person {
                email_verified: false,
                ..person_with("taeo", "700000003", "", Some("taeo@example.test"))
            },
        ),
        // The same address as a person of the other providers, and a name that tests pages.
        named("민지 👩🏽‍💻", "<b>שלום</b>", person_with("minji", "700000004", "", Some("minji@example.test"))),
    ]
}
