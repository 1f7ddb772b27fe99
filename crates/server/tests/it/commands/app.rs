//! `mapae app`.

use mapae::store::{apps, db::Engine};
use mapae_protocol::jose::{Algorithm, SigningKey};
use serde_json::{Value, json};

use super::installation::{Installation, on_each_engine, shape, text, texts};

const WEB: [&str; 6] =
    ["app", "create", "--name", "나의 서비스", "--redirect-uri", "http://localhost:3000/callback"];

fn codes(list: &Value) -> Vec<&str> {
    texts(&list["apps"], "client_id")
}

on_each_engine! {
    async fn what_else_an_app_registers_is_judged_kept_and_taken_back(mapae: Installation) {
        let more = ["--metadata", "tos_uri=http://localhost:3000/terms", "--metadata", "default_max_age=3600"];
        let made = mapae.json(&[&WEB[..], &more].concat());
        let id = text(&made, "client_id");
        assert_eq!(made["metadata"], json!({"default_max_age": 3600, "tos_uri": "http://localhost:3000/terms"}));
        let changed = mapae.json(&["app", "update", &id, "--metadata", "default_max_age=", "--metadata", "require_auth_time=true"]);
        assert_eq!(changed["metadata"], json!({"require_auth_time": true, "tos_uri": "http://localhost:3000/terms"}));
        let kept = mapae.json(&["app", "update", &id, "--name", "일정"]);
        assert_eq!(kept["metadata"], changed["metadata"]);
        let wrong = ["--metadata", "tos_uri=javascript:alert(1)", "--metadata", "colour=red", "--metadata", "default_max_age=-1"];
        let refused = mapae.refused(&[&["app", "update", &id][..], &wrong].concat());
        assert_eq!(texts(&refused["mistakes"], "place"), ["--metadata"; 3]);
        let told = [
            "tos_uri: it must be an https address without a part after #.",
            "colour: this server knows no such member.",
            "default_max_age: it must be a whole number from 0 to 31536000.",
        ];
        assert_eq!(texts(&refused["mistakes"], "wrong"), told);
        assert_eq!(mapae.json(&["app", "show", &id])["metadata"], changed["metadata"]);
    }

    async fn an_app_signs_with_a_key_or_with_a_secret_that_it_gets_for_that(mapae: Installation) {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        std::fs::write(&file, json!({ "keys": [key.public_jwk()] }).to_string()).unwrap();
        let file = file.to_str().unwrap();
        let by_key = ["--auth-method", "private_key_jwt"];
        let refused = mapae.refused(&[&WEB[..], &by_key].concat());
        assert_eq!(texts(&refused["mistakes"], "place"), ["--auth-method"], "without keys");
        let made = mapae.json(&[&WEB[..], &by_key, &["--jwks-file", file]].concat());
        assert_eq!((&made["token_endpoint_auth_method"], made.get("client_secret")), (&json!("private_key_jwt"), None));
        let id = text(&made, "client_id");
        assert_eq!(mapae.refused(&["app", "rotate-secret", &id])["error"], "no_secret");
        let moved = mapae.json(&["app", "update", &id, "--jwks-uri", "https://my.example/keys"]);
        assert_eq!(moved["metadata"], json!({ "jwks_uri": "https://my.example/keys" }), "in the place of the others");
        assert_eq!(texts(&mapae.refused(&["app", "update", &id, "--metadata", "jwks_uri="])["mistakes"], "place"), ["--auth-method"]);
        let signing = mapae.json(&["app", "update", &id, "--auth-method", "client_secret_jwt"]);
        let secret = text(&signing, "client_secret");
        let kept = mapae.json(&["app", "update", &id, "--auth-method", "client_secret_basic"]);
        assert!(kept.get("client_secret").is_none(), "it has one");
        assert_eq!(mapae.json(&["app", "update", &id, "--auth-method", "client_secret_jwt"]).get("client_secret"), None, "and it signs");
        assert_ne!(text(&mapae.json(&["app", "rotate-secret", &id]), "client_secret"), secret);
    }

    async fn a_web_service_is_registered_and_its_secret_is_shown_once(mapae: Installation) {
        mapae.calendar();
        mapae.user("mina@example.com");
        let words: Vec<&str> = WEB.into_iter().chain([
            "--origin", "http://localhost:3000", "--required-scope", "email", "--optional-scope", "calendar.read=일정을 보여 드리기 위해|To show your calendar",
            "--owner", "Mina@example.com", "--id-token-alg", "ES256",
        ]).collect();
        let made = mapae.json(&words);
        insta::assert_snapshot!(shape(&made), @r#"
        {
          "client_id": "app_…",
          "client_secret": "…",
          "created_at": "a time",
          "disabled": false,
          "disabled_by": null,
          "grant_types": [
            "authorization_code",
            "refresh_token"
          ],
          "has_icon": false,
          "homepage": null,
          "id_token_alg": "ES256",
          "name": "나의 서비스",
          "optional_scopes": [
            "calendar.read"
          ],
          "origins": [
            "http://localhost:3000"
          ],
          "owner": "mina@example.com",
          "pkce_required": true,
          "public": false,
          "purposes": [
            {
              "english": "To show your calendar",
              "korean": "일정을 보여 드리기 위해",
              "scope": "calendar.read"
            }
          ],
          "redirect_uris": [
            "http://localhost:3000/callback"
          ],
          "registered_itself": false,
          "required_scopes": [
            "openid",
            "email"
          ],
          "revision": 0,
          "rotate_refresh": true,
          "subject_type": "pairwise",
          "token_endpoint_auth_method": null,
          "verified": false
        }
        "#);
        let shown = mapae.json(&["app", "show", &text(&made, "client_id")]);
        assert!(shown.get("client_secret").is_none(), "the secret is shown once");
        let mut expected = made;
        expected.as_object_mut().unwrap().remove("client_secret");
        assert_eq!(shown, expected);
    }

    async fn the_database_keeps_no_secret(mapae: Installation) {
        let made = mapae.json(&WEB);
        let registered = apps::find(&mapae.db(), &text(&made, "client_id")).await.unwrap().unwrap();
        assert_eq!(registered.secrets.len(), 1);
        assert_ne!(registered.secrets[0].hash.expose(), text(&made, "client_secret"));
    }

    async fn public_apps_and_machines_are_registered(mapae: Installation) {
        mapae.calendar();
        let public = mapae.json(&[
            "app", "create", "--name", "Notes", "--public", "--redirect-uri", "http://127.0.0.1/callback",
            "--redirect-uri", "com.example.notes:/callback",
        ]);
        assert_eq!(public["public"], true);
        assert!(public.get("client_secret").is_none());
        assert_eq!(public["required_scopes"], serde_json::json!(["openid"]));
        assert_eq!(public["optional_scopes"], serde_json::json!(["profile", "email"]));
        let machine = mapae.json(&[
            "app", "create", "--name", "Reports", "--grant", "client_credentials", "--required-scope", "calendar.read",
        ]);
        assert_eq!(machine["grant_types"], serde_json::json!(["client_credentials"]));
        assert_eq!(machine["redirect_uris"], serde_json::json!([]));
        assert!(machine["client_secret"].is_string());
    }

    async fn apps_of_devices_and_services_that_exchange_are_registered(mapae: Installation) {
        mapae.calendar();
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
        for name in ["device_code", device] {
            let made = mapae.json(&["app", "create", "--name", "TV", "--public", "--grant", name, "--grant", "refresh_token"]);
            assert_eq!(made["grant_types"], json!(["refresh_token", device]));
            assert_eq!((&made["redirect_uris"], &made["required_scopes"]), (&json!([]), &json!(["openid"])));
        }
        let tv = ["app", "create", "--name", "TV", "--grant", "device_code"];
        let refused = mapae.refused(&[&tv[..], &["--redirect-uri", "https://tv.example/cb"]].concat());
        assert!(refused.to_string().contains("authorization_code"), "{refused}");
        let service = ["app", "create", "--name", "Service", "--grant", "token-exchange", "--required-scope", "calendar.read"];
        let refused = mapae.refused(&[&service[..], &["--public"]].concat());
        assert!(refused.to_string().contains("keep a secret"), "{refused}");
        let made = mapae.json(&service);
        assert_eq!(made["grant_types"], json!([exchange]));
        let (api, id) = ("https://calendar.example.com", text(&made, "client_id"));
        for _ in 0..2 {
            let permitted = mapae.json(&["api", "permit", api, "--app", &id]);
            assert_eq!((&permitted["permitted"], &permitted["permitted_apps"]), (&json!(true), &json!([id])));
        }
        for _ in 0..2 {
            let forbidden = mapae.json(&["api", "forbid", api, "--app", &id]);
            assert_eq!((&forbidden["permitted"], &forbidden["permitted_apps"]), (&json!(false), &json!([])));
        }
        let plain = text(&mapae.json(&WEB), "client_id");
        assert_eq!(mapae.refused(&["api", "permit", api, "--app", &plain])["error"], "no_exchange");
        assert_eq!(mapae.refused(&["api", "permit", "https://nobody.example", "--app", &id])["error"], "not_found");
    }

    async fn everything_that_is_wrong_is_told_together_and_nothing_is_registered(mapae: Installation) {
        let refused = mapae.refused(&[
            "app", "create", "--name", "", "--redirect-uri", "http://a.example/cb", "--redirect-uri",
            "https://a.example/cb#x", "--origin", "https://a.example/", "--required-scope", "calendar.read",
            "--owner", "nobody@example.com",
        ]);
        assert_eq!(refused["error"], "invalid_arguments");
        let places = ["--name", "--redirect-uri", "--redirect-uri", "--origin", "--required-scope", "--owner"];
        assert_eq!(texts(&refused["mistakes"], "place"), places);
        assert_eq!(codes(&mapae.json(&["app", "list"])), Vec::<&str>::new());
    }

    async fn one_mistake_alone_has_its_own_code(mapae: Installation) {
        for (code, more) in [
            ("unknown_owner", ["--owner", "nobody@example.com"]),
            ("unknown_scope", ["--optional-scope", "calendar.read"]),
            ("invalid_redirect_uri", ["--redirect-uri", "http://a.example/"]),
        ] {
            let words: Vec<&str> = WEB.into_iter().chain(more).collect();
            assert_eq!(mapae.refused(&words)["error"], code);
        }
    }

    async fn what_an_app_chooses_is_kept_changed_and_shown(mapae: Installation) {
        let chosen = [
            "--auth-method", "client_secret_post", "--pkce", "optional", "--refresh-tokens", "keep",
            "--subject-type", "public",
        ];
        let words: Vec<&str> = WEB.into_iter().chain(chosen).collect();
        let made = mapae.json(&words);
        let choices = |app: &Value| {
            ["token_endpoint_auth_method", "pkce_required", "rotate_refresh", "subject_type", "id_token_alg"]
                .map(|name| app[name].clone())
        };
        let expected = |values: [Value; 5]| values;
        let first = expected(["client_secret_post".into(), false.into(), false.into(), "public".into(), "RS256".into()]);
        assert_eq!(choices(&made), first);
        let id = text(&made, "client_id");
        let changed = mapae.json(&["app", "update", &id, "--auth-method", "any", "--pkce", "required", "--id-token-alg", "ES256"]);
        let second = expected([Value::Null, true.into(), false.into(), "public".into(), "ES256".into()]);
        assert_eq!(choices(&changed), second);
        assert_eq!(choices(&mapae.json(&["app", "show", &id])), second);
        assert_eq!(changed["redirect_uris"], made["redirect_uris"], "the rest stays");
        assert_eq!(choices(&mapae.json(&WEB)), [Value::Null, true.into(), true.into(), "pairwise".into(), "RS256".into()]);
        assert_eq!(mapae.refused(&["app", "update", "app_nobody", "--pkce", "optional"])["error"], "not_found");
    }

    async fn an_app_is_changed_by_the_rules_by_which_it_is_made(mapae: Installation) {
        let made = mapae.json(&WEB);
        let id = text(&made, "client_id");
        let changed = mapae.json(&[
            "app", "update", &id, "--name", "새 이름", "--redirect-uri", "https://new.example/cb", "--redirect-uri",
            "https://new.example/other", "--origin", "https://new.example",
            "--optional-scope", "email=알림을 보내려고|To write to you",
        ]);
        assert_eq!(changed["name"], "새 이름");
        assert_eq!(changed["redirect_uris"], serde_json::json!(["https://new.example/cb", "https://new.example/other"]));
        assert_eq!(changed["origins"], serde_json::json!(["https://new.example"]));
        assert_eq!(changed["optional_scopes"], serde_json::json!(["email"]));
        assert_eq!(changed["required_scopes"], made["required_scopes"], "the other kind stays");
        assert_eq!(texts(&changed["purposes"], "english"), ["To write to you"]);
        assert_eq!(mapae.json(&["app", "show", &id]), changed);
        let without = mapae.json(&["app", "update", &id, "--no-origin", "--no-optional-scope"]);
        assert_eq!(without["origins"], serde_json::json!([]));
        assert_eq!(without["optional_scopes"], serde_json::json!([]));
        let refused = mapae.refused(&[
            "app", "update", &id, "--name", "", "--redirect-uri", "http://new.example/cb", "--origin",
            "https://new.example/", "--optional-scope", "nonsense", "--owner", "nobody@example.com",
        ]);
        let places = ["--name", "--redirect-uri", "--origin", "--optional-scope", "--owner"];
        assert_eq!(texts(&refused["mistakes"], "place"), places);
        assert_eq!(mapae.json(&["app", "show", &id]), without, "nothing was changed");
    }

    async fn an_app_is_given_to_somebody(mapae: Installation) {
        let id = text(&mapae.json(&WEB), "client_id");
        mapae.user("dev@example.com");
        let given = mapae.json(&["app", "update", &id, "--owner", "dev@example.com"]);
        assert_eq!(given["owner"], "dev@example.com");
    }

    async fn a_public_app_cannot_choose_what_would_leave_it_open(mapae: Installation) {
        let public = ["app", "create", "--name", "P", "--public", "--redirect-uri", "https://p.example/"];
        let open = ["--auth-method", "client_secret_basic", "--pkce", "optional", "--refresh-tokens", "keep"];
        let refused = mapae.refused(&public.into_iter().chain(open).collect::<Vec<_>>());
        assert_eq!(texts(&refused["mistakes"], "place"), ["--auth-method", "--pkce", "--refresh-tokens"]);
        let id = text(&mapae.json(&public), "client_id");
        let refused = mapae.refused(&["app", "update", &id, "--pkce", "optional"]);
        assert_eq!(texts(&refused["mistakes"], "place"), ["--pkce"]);
        assert_eq!(mapae.json(&["app", "show", &id])["token_endpoint_auth_method"], "none");
    }

    async fn an_app_is_switched_off_and_deleted(mapae: Installation) {
        let (first, second) = (text(&mapae.json(&WEB), "client_id"), text(&mapae.json(&WEB), "client_id"));
        let disabled = mapae.json(&["app", "disable", &first]);
        insta::assert_snapshot!(shape(&disabled), @r#"
        {
          "changed": true,
          "client_id": "app_…",
          "disabled": true,
          "name": "나의 서비스"
        }
        "#);
        assert_eq!(mapae.json(&["app", "disable", &first])["changed"], false, "off already, and no failure");
        let shown = mapae.json(&["app", "show", &first]);
        assert_eq!((&shown["disabled"], &shown["disabled_by"]), (&true.into(), &"operator".into()));
        let list = mapae.json(&["app", "list"]);
        for (id, disabled) in [(&first, true), (&second, false)] {
            let position = codes(&list).iter().position(|code| code == id).expect("it is listed");
            assert_eq!(list["apps"][position]["disabled"], disabled);
        }

        assert_eq!(mapae.json(&["app", "delete", &first])["deleted"], true);
        for words in [["app", "show"], ["app", "disable"], ["app", "enable"], ["app", "delete"], ["app", "rotate-secret"]] {
            let words: Vec<&str> = words.into_iter().chain([first.as_str()]).collect();
            assert_eq!(mapae.refused(&words)["error"], "not_found", "{words:?}");
        }
        assert_eq!(codes(&mapae.json(&["app", "list"])), [second]);
    }

    async fn what_the_operator_switched_off_the_operator_switches_on(mapae: Installation) {
        let id = text(&mapae.json(&WEB), "client_id");
        assert_eq!(mapae.json(&["app", "enable", &id])["changed"], false, "on already, and no failure");
        mapae.json(&["app", "disable", &id]);
        let enabled = mapae.json(&["app", "enable", &id]);
        assert_eq!((&enabled["changed"], &enabled["disabled"]), (&true.into(), &false.into()));
        let shown = mapae.json(&["app", "show", &id]);
        assert_eq!((&shown["disabled"], &shown["disabled_by"]), (&false.into(), &Value::Null));

        // As its owner does it in the console.
        let now = mapae_protocol::time::Timestamp::from_unix(1_800_000_000);
        mapae.db().commit(apps::disable(&id, now)).await.unwrap();
        assert_eq!(mapae.json(&["app", "show", &id])["disabled_by"], "owner");
        assert_eq!(mapae.json(&["app", "disable", &id])["changed"], true, "the operator's word is another");
        let enabled = mapae.json(&["app", "enable", &id]);
        assert_eq!((&enabled["changed"], &enabled["disabled"]), (&true.into(), &true.into()));
        let told = mapae.run(&["app", "enable", &id]);
        assert!(told.output.contains("its owner has switched it off"), "{told:?}");
    }

    async fn az_37_the_operator_vouches_for_an_app_of_somebody_else(mapae: Installation) {
        mapae.user("mina@example.com");
        let owned = |more: &[&'static str]| {
            let words = WEB.into_iter().chain(["--owner", "mina@example.com"]).chain(more.iter().copied());
            mapae.json(&words.collect::<Vec<&str>>())
        };
        assert_eq!(owned(&["--verified"])["verified"], true);
        let made = owned(&[]);
        let id = text(&made, "client_id");
        assert_eq!(made["verified"], false);
        let withdraw = Some("--withdraw");
        for (option, verified, changed) in
            [(None, true, true), (None, true, false), (withdraw, false, true), (withdraw, false, false)]
        {
            let words: Vec<&str> = ["app", "verify", &id].into_iter().chain(option).collect();
            let answer = mapae.json(&words);
            assert_eq!((&answer["verified"], &answer["changed"]), (&verified.into(), &changed.into()));
            assert_eq!(mapae.json(&["app", "show", &id])["verified"], verified);
        }
        assert_eq!(mapae.json(&WEB)["verified"], true, "an app without an owner is the operator's");
        assert_eq!(mapae.refused(&["app", "verify", "app_unknown"])["error"], "not_found");
    }

    async fn people_read_where_the_secret_belongs(mapae: Installation) {
        let made = mapae.run(&WEB);
        assert_eq!(made.code, Some(0), "{made:?}");
        assert!(made.errors.starts_with("note: a new database was made: "), "{made:?}");
        assert_eq!(made.errors.lines().count(), 1, "{made:?}");
        let (client_id, secret) = made.output.split_once('\n').unwrap();
        assert!(client_id.starts_with("client_id         app_"), "{made:?}");
        assert!(secret.starts_with("client_secret     "), "{made:?}");
        assert!(made.output.contains("Shown only now"), "{made:?}");
        let listed = mapae.run(&["app", "list"]);
        assert!(listed.output.contains("나의 서비스"), "{listed:?}");
        let missing = mapae.run(&["app", "show", "app_nobody"]);
        assert_eq!(missing.errors, "error: there is no app \"app_nobody\"; `mapae app list` shows all\n");
    }
}

#[tokio::test]
async fn az_13_with_a_public_issuer_only_native_apps_come_back_to_this_machine() {
    let mapae = Installation::new(Engine::Sqlite).await.with("MAPAE_ISSUER", "https://id.example.com");
    let refused = mapae.refused(&WEB);
    assert_eq!(refused["error"], "invalid_redirect_uri");
    assert!(text(&refused["mistakes"][0], "instead").contains("--public"), "{refused}");
    let native: Vec<&str> = WEB.into_iter().chain(["--public"]).collect();
    assert_eq!(mapae.json(&native)["public"], true);
}
