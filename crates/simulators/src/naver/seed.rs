//! The app and the people that are there from the start.

use crate::{App, Gender, Person, person::person_with};

pub(super) fn app() -> App {
    App {
        client_id: "mapaeNaverClient0001".to_owned(),
        client_secret: Some("mapaeNaver".to_owned()),
        name: "나의 서비스".to_owned(),
        redirect_uris: vec![
            "http://localhost:3000/callback".to_owned(),
            "http://localhost:8080/callback".to_owned(),
        ],
        items: App::items_of(
            &["nickname"],
            &["name", "email", "gender", "age", "birthday", "birthyear", "profile_image", "mobile"],
        ),
        oidc: true,
        ..App::default()
    }
}

pub(super) fn people() -> Vec<Person> {
    vec![
        Person {
            full_name: Some("김에뮬".to_owned()),
            phone: Some("010-1234-5678".to_owned()),
            gender: Some(Gender::Female),
            birthyear: Some("1999".to_owned()),
            birthday: Some("1001".to_owned()),
            picture: true,
            ..person_with("yuna", "yuna-0001", "유나", Some("yuna@naver.com"))
        },
        // The contact address is an external one, which the person can type freely.
        Person {
            gender: Some(Gender::Unknown),
            birthyear: Some("1960".to_owned()),
            ..person_with("haneul", "haneul-0002", "하늘", Some("haneul@external.example"))
        },
        // No contact address.
        person_with("bada", "bada-0003", "바다", None),
        // No nickname: the provider shows a masked id.
        Person {
            gender: Some(Gender::Male),
            ..person_with("sangmin", "sangmin-0004", "", Some("sangmin@naver.com"))
        },
        // The same address as a person of the other providers, and a name that tests pages.
        Person {
            picture: true,
            ..person_with("minji", "minji-0005", "민지 👩🏽‍💻 <b>שלום</b>", Some("minji@example.test"))
        },
    ]
}
