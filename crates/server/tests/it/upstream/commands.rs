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
        let plain = ["upstream", "add", "kakao", "--name", "plain", "--client-id", "x", "--without-openid"];
        stage.mapae(&plain).await;
        let openid = stage.mapae(&["upstream", "show", "plain"]).await["without_openid"].clone();
        assert_eq!((&shown["without_openid"], openid), (&false.into(), true.into()));
    }

    async fn what_is_wrong_is_said_together_and_nothing_is_added(stage: Stage of ["kakao"]) {
        for (words, place) in [
            (vec!["orkut", "--client-id", "x"], "PROVIDER"),
            (vec!["kakao", "--client-id", "x"], "--name"),
            (vec!["google", "--name", "a/b", "--client-id", "x"], "--name"),
            (vec!["naver", "--client-id", "x"], "--client-secret-file"),
            (vec!["apple", "--client-id", "x"], "--credential-file"),
            (vec!["oidc", "--client-id", "x"], "--issuer"),
            (vec!["google", "--client-id", "x", "--client-secret-file", "/nowhere"], "--client-secret-file"),
            (vec!["google", "--client-id", "x", "--credential-file", "y"], "--credential-file"),
            (vec!["oidc", "--client-id", "x", "--issuer", "http://id.example"], "--issuer"),
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
