//! The app and the people that are there from the start.

use crate::{App, Gender, Person, person::person_with};

pub(super) fn app() -> App {
    App {
        client_id: "mapaekakaorestapikey000000000001".to_owned(),
        client_secret: Some("mapaekakaoclientsecret0000000001".to_owned()),
        name: "나의 서비스".to_owned(),
        redirect_uris: vec![
            "http://localhost:3000/callback".to_owned(),
            "http://localhost:8080/callback".to_owned(),
        ],
        logout_redirect_uris: vec!["http://localhost:3000/".to_owned()],
        items: App::items_of(
            &["profile_nickname"],
            &[
                "profile_image",
                "account_email",
                "gender",
                "age_range",
                "birthday",
                "birthyear",
                "phone_number",
                "name",
            ],
        ),
        number: 1234,
        admin_key: Some("mapaekakaoadminkey00000000000001".to_owned()),
        oidc: true,
        ..App::default()
    }
}

pub(super) fn people() -> Vec<Person> {
    let full = Person {
        full_name: Some("김에뮬".to_owned()),
        phone: Some("+82 10-1234-5678".to_owned()),
        gender: Some(Gender::Male),
        birthyear: Some("1998".to_owned()),
        birthday: Some("0413".to_owned()),
        picture: true,
        ..person_with("ryan", "1376016924429759228", "라이언", Some("ryan@example.test"))
    };
    vec![
        full,
        // No e-mail: the account was made with a phone number.
        Person {
            phone: Some("+82 10-8765-4321".to_owned()),
            login: "01087654321".to_owned(),
            ..person_with("muzi", "4029384756", "무지", None)
        },
        // The address was never verified.
        Person {
            email_verified: false,
            gender: Some(Gender::Female),
            birthyear: Some("2001".to_owned()),
            ..person_with("apeach", "9007199254740993", "어피치", Some("apeach@example.test"))
        },
        // The address was taken over by another account.
        Person {
            email_valid: false,
            birthday: Some("0815".to_owned()),
            lunar: true,
            ..person_with("frodo", "2890123456789012345", "프로도", Some("frodo@example.test"))
        },
        // The same address as a person of the other providers, and a name that tests pages.
        Person {
            gender: Some(Gender::Female),
            picture: true,
            ..person_with("minji", "3141592653589793238", "민지 👩🏽‍💻 <b>שלום</b>", Some("minji@example.test"))
        },
    ]
}
