//! What the compiled-in definitions make of documented answers.

use mapae_protocol::scope::Scopes;
use serde_json::{Value, json};

use super::{Definition, DefinitionError, Document};
use crate::identity::{Email, Mapped, Verification};

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn identified(id: &str, document: &Document) -> Mapped {
    Definition::named(id).unwrap().identify(document).unwrap()
}

fn email(address: &str, verification: Verification) -> Email {
    Email { address: address.to_owned(), verification, is_relay: false }
}

fn claims(mapped: &Mapped) -> Value {
    Value::Object(mapped.claims.clone())
}

#[test]
fn kakao_says_much_and_its_number_is_exact() {
    let answer = fixture(include_str!("../../providers/documented/kakao.json"));
    let mapped = identified("kakao", &Document::default().with("user_info", answer));
    assert_eq!(mapped.subject, "1376016924429759228", "beyond 2⁵³");
    assert_eq!(
        claims(&mapped),
        json!({
            "nickname": "라이언", "name": "김에뮬", "picture": "https://img.emu/640.jpg",
            "phone_number": "+821012345678", "gender": "male", "birthdate": "1998-04-13",
        })
    );
    assert_eq!(mapped.emails, [email("ryan@example.test", Verification::ByProvider)]);
    assert_eq!(mapped.refused, ["account_ci", "age_range"]);
}

#[test]
fn kakao_calls_somebody_the_same_in_both_of_its_answers() {
    let profile = fixture(include_str!("../../providers/documented/kakao.json"));
    let id_token = json!({"sub": "1376016924429759228", "nickname": "라이언"});
    let alone = identified("kakao", &Document::default().with("id_token", id_token.clone()));
    assert_eq!(
        (alone.subject.as_str(), &alone.claims["nickname"]),
        ("1376016924429759228", &json!("라이언"))
    );
    let both = Document::default().with("user_info", profile).with("id_token", id_token);
    assert_eq!(identified("kakao", &both).subject, alone.subject);
}

#[test]
fn kakao_says_little_and_an_address_that_was_taken_over_is_not_verified() {
    let answer = fixture(include_str!("../../providers/documented/kakao-least.json"));
    let mapped = identified("kakao", &Document::default().with("user_info", answer));
    assert_eq!(claims(&mapped), json!({"nickname": "무지", "age_range": "90-"}), "a day of which calendar?");
    assert_eq!(mapped.emails, [email("frodo@example.test", Verification::None)]);
    let nobody = Document::default().with("user_info", json!({"kakao_account": {}}));
    assert!(Definition::named("kakao").unwrap().identify(&nobody).is_none());
    for odd in [json!(1.5), json!(-0.0), json!(""), json!(null), json!([1]), json!({"a": 1}), json!(true)] {
        let document = Document::default().with("user_info", json!({"id": odd}));
        assert!(Definition::named("kakao").unwrap().identify(&document).is_none(), "{odd}");
    }
}

#[test]
fn kakao_a_lunar_birthday_is_no_day_of_a_birth_date() {
    let mut answer = fixture(include_str!("../../providers/documented/kakao-lunar.json"));
    let birthdate = |answer: &Value| {
        let document = Document::default().with("user_info", answer.clone());
        identified("kakao", &document).claims.get("birthdate").cloned().unwrap_or_default()
    };
    assert_eq!(birthdate(&answer), "1997");
    let account = "/kakao_account/birthday_type";
    for (calendar, expected) in [
        (json!("SOLAR"), "1997-08-15"),
        (json!("solar"), "1997"),
        (json!(null), "1997"),
        (json!(true), "1997"),
    ] {
        *answer.pointer_mut(account).unwrap() = calendar.clone();
        assert_eq!(birthdate(&answer), expected, "{calendar}");
    }
    let account = answer["kakao_account"].as_object_mut().unwrap();
    account.remove("birthyear");
    account.insert("birthday_type".to_owned(), "LUNAR".into());
    assert_eq!(birthdate(&answer), Value::Null, "not even a day without a year");
}

#[test]
fn rp_18_a_subject_is_a_short_text_that_every_store_can_keep() {
    let naver = |id: &str| Document::default().with("user_info", json!({ "id": id }));
    let definition = Definition::named("naver").unwrap();
    assert!(definition.identify(&naver(&"x".repeat(255))).is_some());
    for odd in ["x".repeat(256), "a\u{0}b".to_owned(), "a\r\nb".to_owned(), "\u{7f}".to_owned()] {
        assert!(definition.identify(&naver(&odd)).is_none(), "{odd:?}");
    }
}

#[test]
fn naver_never_says_that_an_address_was_checked() {
    let answer = fixture(include_str!("../../providers/documented/naver.json"));
    let inside = answer.pointer("/response").unwrap().clone();
    for id in ["naver", "naver-oidc"] {
        let mapped = identified(id, &Document::default().with("user_info", inside.clone()));
        assert_eq!(mapped.subject, "Nv-Emu_User0001abcDEF");
        assert_eq!(
            claims(&mapped),
            json!({
                "nickname": "emu***", "name": "김에뮬", "picture": "https://phinf.pstatic.net/emu/image.jpg",
                "phone_number": "+821012345678", "gender": "female", "age_range": "20-29", "birthdate": "1999-10-01",
            })
        );
        assert_eq!(mapped.emails, [email("emu.user@naver.com", Verification::None)]);
        assert!(mapped.granted.contains(&"mobile".to_owned()) && mapped.refused.is_empty());
    }
}

#[test]
fn google_is_the_mail_host_of_some_addresses_and_only_checked_others() {
    let token = fixture(include_str!("../../providers/documented/google.json"));
    let of = |changes: Value| {
        let mut token = token.clone();
        for (name, value) in changes.as_object().unwrap() {
            token[name] = value.clone();
        }
        identified("google", &Document::default().with("id_token", token))
    };
    let mapped = of(json!({}));
    assert_eq!(
        (mapped.subject.as_str(), mapped.claims["given_name"].as_str()),
        ("108176814619778619437", Some("Minji"))
    );
    assert_eq!(mapped.emails, [email("minji@corp.example", Verification::ByMailHost)], "with hd");
    let emails = |changes| of(changes).emails;
    let third = emails(json!({"hd": null, "email": "minji@other.example"}));
    assert_eq!(third, [email("minji@other.example", Verification::ByProvider)]);
    let gmail = emails(json!({"hd": null, "email": "minji@GMAIL.com"}));
    assert_eq!(gmail, [email("minji@GMAIL.com", Verification::ByMailHost)]);
    let sly = emails(json!({"hd": null, "email": "minji@gmail.com@evil.example"}));
    assert!(sly.is_empty(), "read differently by every reader: {sly:?}");
    for unverified in [json!(false), json!("true"), json!(null), json!(1)] {
        let said = emails(json!({"email_verified": unverified}));
        assert_eq!(said[0].verification, Verification::None, "{unverified}");
    }
}

/// RFC 6749 §5.1.
#[test]
fn google_has_items_that_are_scopes_and_spells_some_otherwise() {
    let token = fixture(include_str!("../../providers/documented/google.json"));
    let definition = Definition::named("google").unwrap();
    let calendar = "https://www.googleapis.com/auth/calendar.readonly";
    let answered = "openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile";
    let of = |asked: &str, given: &str| {
        let (asked, given) = (Scopes::parse(asked).unwrap(), Scopes::parse(given).unwrap());
        let mut mapped = definition.identify(&Document::default().with("id_token", token.clone())).unwrap();
        definition.add_scopes(&mut mapped, &asked, &given);
        (mapped.granted.join(" "), mapped.refused.join(" "))
    };
    let said = |granted: &str, refused: &str| (granted.to_owned(), refused.to_owned());
    assert_eq!(of("openid email profile", answered), said("email profile", ""));
    assert_eq!(of(&format!("openid email profile {calendar}"), answered), said("email profile", calendar));
    assert_eq!(
        of("openid", &format!("{answered} {calendar}")),
        said(&format!("email {calendar} profile"), "")
    );
    assert_eq!(of("openid email", "openid"), said("", "email"));
    let mut kakao = identified("kakao", &Document::default().with("user_info", json!({"id": 1})));
    let asked = Scopes::parse("account_email").unwrap();
    Definition::named("kakao").unwrap().add_scopes(&mut kakao, &asked, &Scopes::default());
    assert!(kakao.refused.is_empty(), "where items are no scopes, scopes are no items");
}

#[test]
fn facebook_never_says_that_an_address_was_checked_and_a_silhouette_is_no_picture() {
    let mut answer = fixture(include_str!("../../providers/documented/facebook.json"));
    let mapped = identified("facebook", &Document::default().with("user_info", answer.clone()));
    assert_eq!(mapped.emails, [email("emu.kim@example.test", Verification::None)]);
    assert_eq!(claims(&mapped)["picture"], "https://platform-lookaside.fbsbx.com/emu");
    assert_eq!(mapped.granted, ["email"]);
    answer["picture"]["data"]["is_silhouette"] = true.into();
    answer.as_object_mut().unwrap().remove("email");
    let mapped = identified("facebook", &Document::default().with("user_info", answer));
    assert!(mapped.claims.get("picture").is_none() && mapped.emails.is_empty() && mapped.granted.is_empty());
}

#[test]
fn facebook_says_what_was_declined_and_what_its_reviewers_let_it() {
    let mut answer = fixture(include_str!("../../providers/documented/facebook.json"));
    let permissions = json!({ "data": [
        { "permission": "public_profile", "status": "granted" },
        { "permission": "email", "status": "declined" },
        { "permission": "user_birthday", "status": "expired" },
        { "permission": 7, "status": "granted" },
    ] });
    answer.as_object_mut().unwrap().remove("email");
    let mut said = |birthday: Value, age: Value| {
        (answer["birthday"], answer["age_range"], answer["gender"]) = (birthday, age, "female".into());
        let document = Document::default().with("user_info", answer.clone());
        identified("facebook", &document.with("permissions", permissions.clone()))
    };
    let mapped = said(json!("02/28/1995"), json!({ "min": 21 }));
    assert_eq!(
        (mapped.granted.as_slice(), mapped.refused.as_slice()),
        (&["public_profile".to_owned()][..], &["email".to_owned()][..])
    );
    let claims = claims(&mapped);
    assert_eq!(
        (&claims["birthdate"], &claims["age_range"], &claims["gender"]),
        (&json!("1995-02-28"), &json!("21-"), &json!("female"))
    );
    for (birthday, age, expected) in [
        (json!("02/28"), json!({ "min": 18, "max": 20 }), (json!("0000-02-28"), json!("18-20"))),
        (json!("1995"), json!({ "max": 20 }), (json!("1995"), Value::Null)),
        (json!("2/28/95"), json!("21"), (Value::Null, Value::Null)),
    ] {
        let mapped = said(birthday, age);
        let there = |name: &str| mapped.claims.get(name).cloned().unwrap_or_default();
        assert_eq!((there("birthdate"), there("age_range")), expected);
    }
}

#[test]
fn github_has_one_primary_address() {
    let answer = fixture(include_str!("../../providers/documented/github.json"));
    let mut document = Document::default().with("user_info", answer["user"].clone());
    let mapped = identified("github", &document);
    assert_eq!((mapped.subject.as_str(), mapped.emails.len()), ("9007199254740993", 0), "without the list");
    document = document.with("emails", answer["emails"].clone());
    let mapped = identified("github", &document);
    assert_eq!(mapped.emails, [email("emu@example.test", Verification::ByProvider)]);
    assert_eq!(claims(&mapped), json!({"nickname": "emu", "picture": "https://avatars.emu/1"}));
}

#[test]
fn apple_says_true_in_letters_and_the_name_comes_from_the_browser() {
    let token = fixture(include_str!("../../providers/documented/apple.json"));
    let document = Document::default().with("id_token", token);
    let mapped = identified("apple", &document);
    let relay = email("abc123@privaterelay.appleid.com", Verification::ByMailHost);
    assert_eq!(mapped.emails, [Email { is_relay: true, ..relay }]);
    let of = |given: Value, family: Value| {
        let brought = json!({ "given_name": given, "family_name": family });
        claims(&identified("apple", &document.clone().with("callback", brought)))["name"].clone()
    };
    assert_eq!(of(json!("하루"), json!("윤")), "윤하루");
    assert_eq!(of(json!("Haru"), json!("Yoon")), "Haru Yoon");
    assert_eq!(of(json!("Haru"), json!(null)), "Haru");
    assert_eq!(of(json!(null), json!(null)), Value::Null);
}

#[test]
fn rp_15_no_definition_takes_an_identity_from_the_browser() {
    let apple = include_str!("../../providers/apple.toml");
    for (signed, brought) in [
        (r#"subject = ["/id_token/sub"]"#, r#"subject = ["/callback/sub"]"#),
        (r#"address = ["/id_token/email"]"#, r#"address = ["/id_token/email", "/callback/email"]"#),
        (r#"verified = ["/id_token/email_verified"]"#, r#"verified = ["/callback/email_verified"]"#),
    ] {
        assert!(apple.contains(signed), "{signed}");
        let refused = Definition::parse(&apple.replace(signed, brought)).unwrap_err();
        assert!(matches!(refused, DefinitionError::Wrong { at: "identity", .. }), "{brought} {refused}");
    }
}

#[test]
fn rp_11_openid_the_fresher_word_about_an_address_counts() {
    let of = |id_token: Value, user_info: Value| {
        let mut document = Document::default().with("id_token", id_token);
        document = document.with("user_info", user_info);
        identified("oidc", &document)
    };
    let mapped = of(
        json!({"sub": "a", "email": "a@x.example", "email_verified": true, "name": "old"}),
        json!({"sub": "a", "email": "a@x.example", "email_verified": false, "name": "new"}),
    );
    assert_eq!(mapped.emails, [email("a@x.example", Verification::None)]);
    assert_eq!((mapped.claims["name"].as_str(), mapped.claims.get("sub")), (Some("new"), None));
    let mapped = of(json!({"sub": "a", "email": "a@x.example", "email_verified": true}), json!({"sub": "a"}));
    assert_eq!(mapped.emails, [email("a@x.example", Verification::ByProvider)]);
    let text = of(json!({"sub": "a"}), json!({"sub": "a", "email": "a@x.example", "email_verified": "true"}));
    assert_eq!(text.emails[0].verification, Verification::None, "only the boolean counts");
}

#[test]
fn rp_13_who_hosts_an_address_is_not_read_from_its_end_alone() {
    let of = |address: &str, hosted: Value| {
        let token = json!({"sub": "a", "email": address, "email_verified": true, "hd": hosted});
        let mapped = identified("google", &Document::default().with("id_token", token));
        mapped.emails.first().map(|email| email.verification)
    };
    assert_eq!(of("a@gmail.com", Value::Null), Some(Verification::ByMailHost));
    assert_eq!(of("a@corp.example", json!("corp.example")), Some(Verification::ByMailHost));
    assert_eq!(of("a@corp.example", Value::Null), Some(Verification::ByProvider));
    for end in ["a@gmail.com.evil.example", "a@notgmail.com", "gmail.com@evil.example", "a@evil-gmail.com"] {
        assert_eq!(of(end, Value::Null), Some(Verification::ByProvider), "{end}");
    }
    for odd in [
        "a@evil.example@gmail.com",
        "\"a@evil.example\"@gmail.com",
        "a b@gmail.com",
        "a@gmail.com\n",
        "@gmail.com",
        "a@",
    ] {
        assert_eq!(of(odd, Value::Null), None, "{odd}");
    }
}
