//! `mapae api`.

use mapae::store::apis;

use super::installation::{ended, on_each_engine, shape, text, texts};

const CALENDAR: [&str; 10] = [
    "api",
    "create",
    "--identifier",
    "https://calendar.example.com",
    "--name",
    "캘린더",
    "--scope",
    "calendar.read=일정 보기|See your calendar",
    "--scope",
    "calendar.write=일정 쓰기",
];

on_each_engine! {
    async fn an_api_is_registered_with_a_credential_of_its_own(mapae: Installation) {
        let made = mapae.json(&CALENDAR);
        insta::assert_snapshot!(shape(&made), @r#"
        {
          "client_id": "api_…",
          "client_secret": "…",
          "created_at": "a time",
          "disabled": false,
          "identifier": "https://calendar.example.com",
          "name": "캘린더",
          "scopes": [
            {
              "english": "See your calendar",
              "korean": "일정 보기",
              "scope": "calendar.read"
            },
            {
              "english": "일정 쓰기",
              "korean": "일정 쓰기",
              "scope": "calendar.write"
            }
          ],
          "token_format": "jwt"
        }
        "#);
        let mut expected = made.clone();
        expected.as_object_mut().unwrap().remove("client_secret");
        let listed = mapae.json(&["api", "list"]);
        assert_eq!(listed["apis"], serde_json::json!([expected]), "the secret is shown once");
        let kept = apis::by_id(&mapae.db(), &text(&made, "client_id")).await.unwrap().unwrap();
        assert_ne!(kept.secret_hash.expose(), text(&made, "client_secret"));
    }

    async fn a_scope_and_an_identifier_belong_to_one_api(mapae: Installation) {
        mapae.json(&CALENDAR);
        let again = mapae.refused(&CALENDAR);
        assert_eq!(again["error"], "invalid_arguments");
        assert_eq!(texts(&again["mistakes"], "place"), ["--identifier", "--scope", "--scope"]);
        let other = ["api", "create", "--identifier", "https://mail.example.com", "--name", "Mail", "--scope"];
        for (scope, code) in [("calendar.read=a|b", "scope_taken"), ("openid=a|b", "scope_taken")] {
            let words: Vec<&str> = other.into_iter().chain([scope]).collect();
            assert_eq!(mapae.refused(&words)["error"], code, "{scope}");
        }
        let same = ["api", "create", "--identifier", "https://calendar.example.com", "--name", "M", "--scope", "m=a"];
        assert_eq!(mapae.refused(&same)["error"], "identifier_taken");
        let opaque: Vec<&str> = other.into_iter().chain(["mail.read=a|b", "--token-format", "opaque"]).collect();
        assert_eq!(mapae.json(&opaque)["token_format"], "opaque");
        assert_eq!(mapae.json(&["api", "list"])["apis"].as_array().unwrap().len(), 2);
    }

    async fn an_api_is_shown_switched_and_given_another_secret(mapae: Installation) {
        let made = mapae.json(&CALENDAR);
        let identifier = "https://calendar.example.com";
        let mut expected = made.clone();
        expected.as_object_mut().unwrap().remove("client_secret");
        assert_eq!(mapae.json(&["api", "show", identifier]), expected);
        let rotated = mapae.json(&["api", "rotate-secret", identifier]);
        assert_eq!(rotated["client_id"], made["client_id"]);
        assert_ne!(rotated["client_secret"], made["client_secret"]);
        for (word, disabled, changed) in
            [("disable", true, true), ("disable", true, false), ("enable", false, true), ("enable", false, false)]
        {
            let switched = mapae.json(&["api", word, identifier]);
            assert_eq!((&switched["disabled"], &switched["changed"]), (&disabled.into(), &changed.into()), "{word}");
            assert_eq!(mapae.json(&["api", "show", identifier])["disabled"], disabled);
        }
        for word in ["show", "rotate-secret", "disable", "enable"] {
            assert_eq!(mapae.refused(&["api", word, "https://nobody.example"])["error"], "not_found", "{word}");
        }
    }

    async fn an_api_is_changed_and_deleted(mapae: Installation) {
        let made = mapae.json(&CALENDAR);
        let identifier = "https://calendar.example.com";
        let changed = mapae.json(&[
            "api", "update", identifier, "--name", "달력", "--scope", "calendar.share=나누기|Share",
            "--scope", "calendar.read=보기|See", "--remove-scope", "calendar.write",
        ]);
        assert_eq!(changed["name"], "달력");
        assert_eq!(changed["client_id"], made["client_id"], "its credential stays");
        assert_eq!(texts(&changed["scopes"], "scope"), ["calendar.read", "calendar.share"]);
        assert_eq!(texts(&changed["scopes"], "english"), ["See", "Share"]);
        assert_eq!(mapae.json(&["api", "show", identifier]), changed);
        let refused = mapae.refused(&[
            "api", "update", identifier, "--name", "", "--scope", "openid=a|b", "--remove-scope", "mail.read",
        ]);
        assert_eq!(texts(&refused["mistakes"], "place"), ["--name", "--scope", "--remove-scope"]);
        let all = ["api", "update", identifier, "--remove-scope", "calendar.read", "--remove-scope", "calendar.share"];
        assert_eq!(texts(&mapae.refused(&all)["mistakes"], "place"), ["--remove-scope"]);
        assert_eq!(mapae.json(&["api", "show", identifier]), changed, "nothing was changed");
        assert_eq!(mapae.json(&["api", "delete", identifier])["deleted"], true);
        for word in ["delete", "show"] {
            assert_eq!(mapae.refused(&["api", word, identifier])["error"], "not_found", "{word}");
        }
        assert_eq!(texts(&mapae.json(&CALENDAR)["scopes"], "scope"), ["calendar.read", "calendar.write"]);
    }

    async fn of_ten_at_once_one_gets_the_scope(mapae: Installation) {
        mapae.json(&["migrate"]);
        let identifiers: Vec<String> = (0..10).map(|n| format!("https://api-{n}.example.com")).collect();
        let children = identifiers.iter().map(|identifier| {
            let words = ["api", "create", "--identifier", identifier, "--name", "A", "--scope", "mine=a|b", "--json"];
            mapae.start(&words, "")
        });
        let objects: Vec<_> = children.collect::<Vec<_>>().into_iter().map(|child| ended(child).object()).collect();
        let made = objects.iter().filter(|object| object["client_id"].is_string()).count();
        let refused = objects.iter().filter(|object| object["error"] == "scope_taken").count();
        assert_eq!((made, refused), (1, 9), "{objects:?}");
        assert_eq!(apis::all(&mapae.db()).await.unwrap().len(), 1, "nothing is left of the others");
    }
}
