//! `mapae upstream`, beside a running server.

use serde_json::{Value, json};

use super::stage::for_each_engine;

for_each_engine! {
    async fn what_is_added_is_shown_without_its_secrets(stage: Stage of ["kakao"]) {
        let listed = stage.mapae(&["upstream", "list"]).await;
        let shown = stage.mapae(&["upstream", "show", "kakao"]).await;
        assert_eq!(listed["upstreams"][0], shown);
        assert_eq!(shown["redirect_uri"], stage.server.at("/upstream/kakao/callback"));
        assert_eq!((&shown["has_client_secret"], &shown["in_settings"]), (&true.into(), &false.into()));
        assert_eq!(shown["credentials"], json!(["admin_key", "app_id"]));
        assert!(shown["notice_uris"].as_array().unwrap().contains(&stage.server.at("/upstream/kakao/notices/unlink").into()));
        assert!(!shown.to_string().contains("mapaekakaoclientsecret") && !shown.to_string().contains("mapaekakaoadminkey"));
        let tested = stage.mapae(&["upstream", "test", "kakao"]).await;
        assert_eq!(tested["ok"], true, "{tested}");
    }

    async fn what_is_wrong_is_said_together_and_nothing_is_added(stage: Stage of ["kakao"]) {
        for (words, place) in [
            (vec!["orkut", "--client-id", "x"], "PROVIDER"),
            (vec!["kakao", "--client-id", "x"], "--name"),
            (vec!["google", "--name", "a/b", "--client-id", "x"], "--name"),
            (vec!["naver", "--client-id", "x"], "PROVIDER"),
            (vec!["google", "--client-id", "x", "--client-secret-file", "/nowhere"], "--client-secret-file"),
            (vec!["google", "--client-id", "x", "--credential-file", "y"], "--credential-file"),
            (vec!["oidc", "--client-id", "x", "--issuer", "http://id.example"], "PROVIDER"),
        ] {
            let words: Vec<&str> = ["upstream", "add"].into_iter().chain(words).collect();
            let output = stage.run(&words).await;
            let said = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
            assert!(said.contains(&format!("\"place\":\"{place}\"")), "{words:?}: {said}");
        }
        assert_eq!(stage.mapae(&["upstream", "list"]).await["upstreams"].as_array().unwrap().len(), 1);
        assert_eq!(stage.run(&["upstream", "show", "nobody"]).await.status.code(), Some(1));
    }

    async fn a_definition_of_ones_own_is_as_good_as_one_that_is_compiled_in(stage: Stage of ["kakao"]) {
        let folder = stage.server.data();
        let own = include_str!("../../../../client/providers/kakao.toml").replacen("id = \"kakao\"", "id = \"octopus\"", 1);
        let own = own.replacen("ko = \"카카오\"", "ko = \"문어\"", 1);
        let written = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).unwrap();
            folder.join(name).to_str().unwrap().to_owned()
        };
        let app = stage.simulator("kakao").app();
        let (file, secret) = (written("octopus.toml", &own), written("octopus.secret", app.client_secret.as_deref().unwrap()));
        let back = mapae_simulators::App { redirect_uris: vec![stage.server.at("/upstream/octopus/callback")], ..app.clone() };
        stage.simulator("kakao").control(mapae_simulators::Command::App(Box::new(back))).await.unwrap();
        let base = stage.simulator("kakao").base_url().to_owned();
        let add = ["upstream", "add", "octopus", "--client-id", &app.client_id, "--client-secret-file", &secret];
        let without = stage.run(&[&add[..], &["--base-url", &base]].concat()).await;
        assert_eq!(without.status.code(), Some(1), "nobody knows it");
        for (wrong, place) in [("schema = 1\nid = \"octopus\"\nunheard = 1\n", "--definition-file"), (&own.replacen("octopus", "squid", 1), "PROVIDER")] {
            let wrong = written("wrong.toml", wrong);
            let refused = stage.run(&[&add[..], &["--base-url", &base, "--definition-file", &wrong]].concat()).await;
            let said = String::from_utf8(refused.stdout).unwrap();
            assert!(refused.status.code() == Some(1) && said.contains(&format!("\"place\":\"{place}\"")), "{said}");
        }
        let added = stage.mapae(&[&add[..], &["--base-url", &base, "--definition-file", &file]].concat()).await;
        assert_eq!((&added["provider"], &added["own_definition"]), (&"octopus".into(), &true.into()));
        // The file is not needed again.
        std::fs::remove_file(&file).unwrap();
        let browser = mapae_testkit::Browser::default();
        let door = stage.door(&browser).await;
        assert!(door.text("#upstream-octopus").unwrap().contains("문어"), "{}", door.body);
        let account = stage.enter(&browser, "octopus", ("ryan", &[])).await;
        assert!(account.body.contains("문어"), "{}", account.body);
    }

    async fn a_wrong_secret_is_found_by_the_test_and_says_where_it_stands(stage: Stage of ["kakao"]) {
        stage.add("kakao", "second", Some("wrong")).await;
        let output = stage.run(&["upstream", "test", "second"]).await;
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &said["ok"]), (Some(1), &false.into()));
        assert!(said["todo"].as_str().unwrap().contains("KOE010"), "{said}");
        let checked = stage.run(&["check"]).await;
        let said = String::from_utf8(checked.stdout).unwrap();
        assert!(said.contains("social login") && said.contains("/upstream/second/callback"), "{said}");
    }
}
