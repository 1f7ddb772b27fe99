//! `mapae upstream`, beside a running server.

use mapae::store::upstream_permissions;
use mapae_testkit::{AppSpec, Browser};
use serde_json::{Value, json};

use super::stage::{for_each_engine, written};
use crate::store::broken;

const OCTOPUS_BUTTON: &str = r##"[button]
background = "#5B2A86"
foreground = "#FFEEDD"
mark = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle fill="currentColor" cx="12" cy="12" r="9"/></svg>'
start = { ko = "문어로 시작하기", en = "Continue with Octopus" }
"##;

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

    async fn lk_07_what_is_updated_stays_the_same_provider_to_the_same_people(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        stage.enter(&browser, "kakao", ("ryan", &[])).await;
        let app = stage.server.register(AppSpec::default()).await;
        stage.mapae(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
        let before = stage.mapae(&["upstream", "show", "kakao"]).await;
        let folder = stage.server.data();
        let file = |text: &str| written(folder, "new-secret", text);
        let wrong = file("wrong");
        stage.mapae(&["upstream", "update", "kakao", "--client-secret-file", &wrong, "--label", "우리 카카오"]).await;
        let output = stage.run(&["upstream", "test", "kakao"]).await;
        assert_eq!(output.status.code(), Some(1), "the new secret counts at once");
        let door = stage.door(&Browser::default()).await;
        assert!(door.text("#upstream-kakao").unwrap().contains("우리 카카오"), "{}", door.body);
        let right = file(&stage.simulator("kakao").app().client_secret.unwrap());
        let said = stage
            .mapae(&["upstream", "update", "kakao", "--client-secret-file", &right, "--label", "", "--scopes", "account_email", "--without-openid"])
            .await;
        assert_eq!((&said["scopes"], &said["without_openid"], said.get("label")), (&"account_email".into(), &true.into(), None));
        assert_eq!(said["credentials"], json!(["admin_key", "app_id"]), "what is not named stays");
        assert_eq!(stage.mapae(&["upstream", "test", "kakao"]).await["ok"], true);
        stage.enter(&Browser::default(), "kakao", ("ryan", &["account_email"])).await;
        assert_eq!(stage.accounts().await.len(), 1, "the same people");
        let back = stage.mapae(&["upstream", "update", "kakao", "--scopes", "", "--with-openid"]).await;
        assert_eq!(back, before, "and back again");
        let access = stage.mapae(&["upstream", "forbid", "kakao", "--app", &app.client_id]).await;
        assert_eq!(access["permitted"], false, "the permission was there still");
    }

    async fn lk_07_an_app_is_not_permitted_what_a_provider_gives_that_has_gone_meanwhile(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        broken::change_the_catalogue_at(&stage.server, "INSERT ON upstream_permissions").await;
        let refused = stage.run(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
        let said: Value = serde_json::from_slice(&refused.stdout).unwrap();
        assert_eq!((refused.status.code(), &said["error"]), (Some(1), &"conflict".into()), "{said}");
        let permitted = upstream_permissions::of_app(stage.server.app().db(), &app.client_id).await.unwrap();
        assert!(permitted.is_empty(), "it would be for whichever comes under that name: {permitted:?}");
    }

    async fn what_cannot_be_updated_stays_and_says_why(stage: Stage of ["kakao"]) {
        let before = stage.mapae(&["upstream", "show", "kakao"]).await;
        let folder = stage.server.data();
        let own = include_str!("../../../../client/providers/kakao.toml");
        let moved = written(folder, "moved.toml", &own.replacen("issuer = \"https://kauth.kakao.com\"", "issuer = \"https://evil.example\"", 1));
        let other = written(folder, "other.toml", &own.replacen("id = \"kakao\"", "id = \"octopus\"", 1));
        for (words, code, place) in [
            (vec!["kakao"], "invalid_arguments", "NAME"),
            (vec!["nobody", "--label", "x"], "not_found", ""),
            (vec!["kakao", "--client-secret-file", "/nowhere"], "invalid_arguments", "--client-secret-file"),
            (vec!["kakao", "--credential-file", "admin_key"], "invalid_arguments", "--credential-file"),
            (vec!["kakao", "--scopes", "a\"b"], "invalid_arguments", "--scopes"),
            (vec!["kakao", "--definition-file", &other], "invalid_arguments", "PROVIDER"),
        ] {
            let words: Vec<&str> = ["upstream", "update"].into_iter().chain(words).collect();
            let output = stage.run(&words).await;
            let said: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!((output.status.code(), &said["error"]), (Some(1), &code.into()), "{words:?} {said}");
            assert!(place.is_empty() || said["mistakes"][0]["place"] == place, "{words:?} {said}");
        }
        let add = ["upstream", "add", "kakao", "--name", "plain", "--client-id", "x"];
        stage.mapae(&add).await;
        let refused = stage.run(&["upstream", "update", "plain", "--definition-file", &moved]).await;
        let said = String::from_utf8(refused.stdout).unwrap();
        assert!(refused.status.code() == Some(1) && said.contains("another issuer"), "{said}");
        assert_eq!(stage.mapae(&["upstream", "show", "kakao"]).await, before);
    }

    async fn the_version_of_facebooks_graph_is_the_operators(stage: Stage of ["facebook"]) {
        let leads = async || {
            let browser = Browser::default();
            let door = stage.door(&browser).await;
            let left = stage.press(&browser, &door, "facebook").await;
            left.location().unwrap().path().to_owned()
        };
        assert_eq!(leads().await, "/v25.0/dialog/oauth");
        let shown = stage.mapae(&["upstream", "update", "facebook", "--var", "version=v26.0"]).await;
        assert_eq!(shown["vars"], json!({"version": "v26.0"}));
        assert_eq!(leads().await, "/v26.0/dialog/oauth");
        stage.enter(&Browser::default(), "facebook", ("sora", &[])).await;
        for (said, instead) in [("verison=v27.0", "version"), ("version", "NAME=VALUE"), ("version={x}", "version=v25.0")] {
            let output = stage.run(&["upstream", "update", "facebook", "--var", said]).await;
            let said: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!((output.status.code(), &said["mistakes"][0]["place"]), (Some(1), &"--var".into()), "{said}");
            assert!(said["mistakes"][0]["instead"].as_str().unwrap().contains(instead), "{said}");
        }
        assert_eq!(leads().await, "/v26.0/dialog/oauth");
        let back = stage.mapae(&["upstream", "update", "facebook", "--var", "version="]).await;
        assert_eq!((back.get("vars"), leads().await.as_str()), (None, "/v25.0/dialog/oauth"));
    }

    async fn what_is_wrong_is_said_together_and_nothing_is_added(stage: Stage of ["kakao"]) {
        for (words, place) in [
            (vec!["orkut", "--client-id", "x"], "PROVIDER"),
            (vec!["kakao", "--client-id", "x"], "--name"),
            (vec!["google", "--name", "a/b", "--client-id", "x"], "--name"),
            (vec!["naver", "--client-id", "x"], "--client-secret-file"),
            (vec!["apple", "--client-id", "x"], "--credential-file"),
            (vec!["oidc", "--client-id", "x"], "--issuer"),
            (vec!["kakao", "--name", "other", "--client-id", "x", "--var", "version=v2"], "--var"),
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

    async fn a_definition_of_ones_own_is_as_good_as_one_that_is_compiled_in(stage: Stage of ["kakao"]) {
        let folder = stage.server.data();
        let own = include_str!("../../../../client/providers/kakao.toml").replacen("id = \"kakao\"", "id = \"octopus\"", 1);
        let own = own.replacen("ko = \"카카오\"", "ko = \"문어\"", 1);
        let (own, _) = own.split_once("[button]").unwrap();
        let own = format!("{own}{OCTOPUS_BUTTON}");
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
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        assert_eq!(door.text("#upstream-octopus").as_deref(), Some("문어로 시작하기"), "{}", door.body);
        let file = |elements: &str, attribute: &str| {
            let address = door.values(elements, attribute).into_iter().find(|address| address.contains("brand"));
            door.address.join(&address.unwrap_or_else(|| panic!("{}", door.body))).unwrap().to_string()
        };
        let sheet = browser.open(&file("link[rel=stylesheet]", "href")).await;
        assert_eq!(sheet.headers["content-type"], "text/css; charset=utf-8");
        assert!(sheet.body.contains(".brand-octopus { background: #5B2A86; color: #FFEEDD;"), "{}", sheet.body);
        let mark = browser.open(&file("#upstream-octopus img", "src")).await;
        assert_eq!(mark.headers["content-type"], "image/svg+xml");
        assert!(mark.body.contains("<circle fill=\"#FFEEDD\""), "{}", mark.body);
        // Another name is another button: what a provider prescribes stands together.
        let renamed = ["upstream", "update", "kakao", "--label", "우리 앱"];
        stage.mapae(&renamed).await;
        let door = stage.door(&browser).await;
        assert_eq!(door.text("#upstream-kakao").as_deref(), Some("우리 앱 계정으로 시작하기"));
        assert!(door.has("upstream-kakao") && !door.body.contains("brand-kakao"), "{}", door.body);
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
