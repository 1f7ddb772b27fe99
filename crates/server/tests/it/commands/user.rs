//! `mapae user`.

use std::collections::BTreeSet;

use mapae::{accounts::Passwords, store::users};
use serde_json::Value;

use super::installation::{ended, on_each_engine, shape, text, texts};

const CREATE: [&str; 7] =
    ["user", "create", "--email", "mina@example.com", "--name", "미나", "--password-stdin"];

on_each_engine! {
    async fn an_account_is_made_and_its_password_opens_it(mapae: Installation) {
        let made = mapae.json_with_input(&CREATE, "correct horse\n");
        insta::assert_snapshot!(shape(&made), @r#"
        {
          "email": "mina@example.com",
          "email_verified": false,
          "id": "usr_…",
          "name": "미나"
        }
        "#);
        let verified = ["user", "create", "--email", "ok@example.com", "--name", "O", "--password-stdin", "--email-verified"];
        assert_eq!(mapae.json_with_input(&verified, "correct horse")["email_verified"], true);
        let account = users::by_email(&mapae.db(), "mina@example.com").await.unwrap().unwrap();
        assert_eq!(account.user.id, text(&made, "id"));
        assert!(!account.user.operator, "the command line makes no operators");
        let stored = account.password_hash.unwrap();
        let passwords = Passwords::new();
        assert!(passwords.verify("correct horse", Some(stored.expose())).await.unwrap(), "without the line feed");
    }

    async fn what_is_known_of_somebody_comes_from_a_file_and_is_replaced_whole(mapae: Installation) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("claims.json");
        std::fs::write(&file, r#"{"given_name":"미나","address":{"country":"대한민국"}}"#).unwrap();
        let path = file.to_str().unwrap();
        let made = mapae.json_with_input(&[&CREATE[..], &["--claims-file", path]].concat(), "correct horse");
        let known = async || {
            let kept = users::known(&mapae.db(), &text(&made, "id")).await.unwrap().unwrap().1;
            kept.map(|claims| serde_json::from_str::<Value>(&claims).unwrap())
        };
        let whole = serde_json::json!({ "address": { "country": "대한민국" }, "given_name": "미나" });
        assert_eq!(known().await, Some(whole));
        let only = serde_json::json!({ "nickname": "민" });
        std::fs::write(&file, r#"{"nickname":"민"}"#).unwrap();
        let replaced = mapae.json(&["user", "claims", "mina@example.com", "--claims-file", path]);
        assert_eq!(replaced["claims"], serde_json::json!(["nickname"]));
        assert_eq!(known().await.as_ref(), Some(&only));
        for wrong in ["", "[]", r#"{"email":"a@b"}"#, r#"{"role":"x"}"#, r#"{"nickname":1}"#] {
            std::fs::write(&file, wrong).unwrap();
            let refused = mapae.refused(&["user", "claims", "mina@example.com", "--claims-file", path]);
            assert_eq!(refused["error"], "invalid_arguments", "{wrong}");
        }
        let nowhere = ["user", "claims", "mina@example.com", "--claims-file", "/nowhere.json"];
        assert_eq!(mapae.refused(&nowhere)["error"], "invalid_arguments");
        assert_eq!(mapae.refused(&["user", "claims", "kim@example.com", "--clear"])["error"], "not_found");
        assert_eq!(known().await.as_ref(), Some(&only), "nothing was lost");
        mapae.json(&["user", "claims", "mina@example.com", "--clear"]);
        assert_eq!(known().await, None);
    }

    async fn people_read_the_same(mapae: Installation) {
        let made = mapae.run_with_input(&CREATE, "correct horse\n");
        assert_eq!(made.code, Some(0), "{made:?}");
        assert!(made.errors.starts_with("note: a new database was made: "), "{made:?}");
        assert!(made.output.contains("e-mail  mina@example.com (not verified)\nname    미나\n"), "{made:?}");
        let again = mapae.run_with_input(&CREATE, "correct horse\n");
        assert_eq!((again.code, again.output.as_str()), (Some(1), ""));
        insta::assert_snapshot!(again.errors, @r"
        error: nothing was changed, because something is wrong

          --email
              mina@example.com has an account already.
              Use another address.
        ");
    }

    async fn se_12_other_spellings_of_an_address_are_the_same_account(mapae: Installation) {
        mapae.user("mina@example.com");
        for spelling in ["Mina@Example.COM", " mina@example.com ", "MINA@EXAMPLE.COM"] {
            let words = ["user", "create", "--email", spelling, "--name", "M", "--password-stdin"];
            assert_eq!(mapae.refused_with_input(&words, "another password")["error"], "email_taken", "{spelling}");
        }
        assert_eq!(users::list(&mapae.db(), 10).await.unwrap().len(), 1);
    }

    async fn people_are_listed_and_switched_off_and_on(mapae: Installation) {
        mapae.user("mina@example.com");
        mapae.user("hong@example.com");
        let listed = mapae.json(&["user", "list"]);
        let emails: BTreeSet<&str> = texts(&listed["users"], "email").into_iter().collect();
        assert_eq!(emails, BTreeSet::from(["hong@example.com", "mina@example.com"]));
        for (word, disabled, changed) in
            [("disable", true, true), ("disable", true, false), ("enable", false, true), ("enable", false, false)]
        {
            let switched = mapae.json(&["user", word, "Mina@example.com"]);
            assert_eq!((&switched["disabled"], &switched["changed"]), (&disabled.into(), &changed.into()), "{word}");
            let listed = mapae.json(&["user", "list"]);
            for user in listed["users"].as_array().unwrap() {
                let switched = text(user, "email") == "mina@example.com";
                assert_eq!(user["disabled"], switched && disabled, "{user}");
            }
        }
        for address in ["nobody@example.com", "nonsense"] {
            assert_eq!(mapae.refused(&["user", "disable", address])["error"], "not_found");
        }
    }

    async fn everything_that_is_wrong_is_told_together_and_nothing_is_made(mapae: Installation) {
        let words = ["user", "create", "--email", "mina at example", "--name", " ", "--password-stdin"];
        let refused = mapae.refused_with_input(&words, "secret\n");
        assert_eq!(refused["error"], "invalid_arguments");
        assert_eq!(texts(&refused["mistakes"], "place"), ["--email", "--name", "--password-stdin"]);
        for mistake in refused["mistakes"].as_array().unwrap() {
            assert!(!text(mistake, "wrong").is_empty() && !text(mistake, "instead").is_empty());
        }
        assert!(!refused.to_string().contains("secret"), "a password is never repeated");
        assert!(users::list(&mapae.db(), 10).await.unwrap().is_empty());
    }

    async fn of_twenty_at_once_one_makes_the_account_even_in_a_new_folder(mapae: Installation) {
        let words: Vec<&str> = CREATE.into_iter().chain(["--json"]).collect();
        let children: Vec<_> = (0..20).map(|_| mapae.start(&words, "correct horse\n")).collect();
        let objects: Vec<Value> = children.into_iter().map(|child| ended(child).object()).collect();
        let (made, refused): (Vec<_>, Vec<_>) = objects.iter().partition(|object| object["id"].is_string());
        assert_eq!(made.len(), 1, "{objects:?}");
        assert!(refused.iter().all(|object| object["error"] == "email_taken"), "{objects:?}");
        let accounts = users::list(&mapae.db(), 10).await.unwrap();
        assert_eq!(accounts.len(), 1);
        assert_eq!(accounts[0].user.id, text(made[0], "id"), "the one who was told so made it");
    }
}

#[tokio::test]
async fn a_password_has_no_place_on_the_command_line() {
    let mapae = super::installation::Installation::new(mapae::store::db::Engine::Sqlite).await;
    let words =
        ["user", "create", "--email", "a@example.com", "--name", "A", "--password", "hunter22", "--json"];
    let ended = mapae.run(&words);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.object()["error"], "usage");
    assert!(!mapae.data().exists(), "nothing was made");
}
