//! Values that want to be a part of the query, or to be endless — AD-09, AD-10.

use mapae::store::users;
use mapae_protocol::time::Seconds;
use mapae_testkit::{Authorization, Browser, Engine, TestServer};

use super::{calendar, sign_in};
use crate::engines::for_each_engine;

const SQL: [&str; 8] = [
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    "\" OR \"\"=\"",
    "x') OR 1=1 --",
    "1 UNION SELECT hash FROM app_secrets",
    "$1",
    "%",
    "_",
];

#[tokio::test]
async fn ad_09_no_value_is_a_part_of_a_query() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (api, app) = calendar(&server, false).await;
        let signed_in = sign_in(&server, &app, "openid calendar.read").await;
        let (browser, token) = (&signed_in.browser, signed_in.tokens.text("access_token"));
        for sql in SQL {
            let in_path = url::form_urlencoded::byte_serialize(sql.as_bytes()).collect::<String>();
            for path in [
                "/console/apps/{}",
                "/account/services/{}",
                "/account/services/{}/disconnect",
                "/icons/{}/x.png",
            ] {
                let page = browser.open(&server.at(&path.replace("{}", &in_path))).await;
                assert!(
                    [400, 404].contains(&page.status.as_u16()),
                    "{engine:?} {path} {sql}: {}",
                    page.status
                );
            }
            let strange = Authorization::of(&app, "openid").with("client_id", sql);
            assert_eq!(browser.visit(&strange.address(&server)).await.status, 400, "{engine:?} {sql}");
            assert!(!server.is_active(&api, sql).await, "{engine:?} {sql}");
            let told = server.userinfo(&in_path).await.status.as_u16();
            assert!([400, 401].contains(&told), "{engine:?} {sql}: {told}");
            let basic =
                server.post("/token", Some((sql, sql)), &[("grant_type", "client_credentials")]).await;
            assert_eq!(basic.status, 401, "{engine:?} {sql}");
            let stranger = Browser::default();
            let form = stranger.visit(&server.at("/sign-in")).await;
            for fields in
                [[("email", sql), ("password", "x")], [("email", "hong@example.com"), ("password", sql)]]
            {
                let page = stranger.submit(&form, "login-submit", &fields).await;
                assert!(
                    page.status.is_client_error() && page.location().is_none(),
                    "{engine:?} {sql}: {}",
                    page.status
                );
            }
        }
        assert_eq!(users::list(server.app().db(), 10).await.unwrap().len(), 1, "{engine:?}");
        assert!(server.is_active(&api, &token).await, "{engine:?}");
    }
}

#[tokio::test]
async fn ad_09_a_cursor_that_was_not_sealed_here_reaches_nowhere() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (api, app) = calendar(&server, false).await;
        let credential = Some((api.client_id.as_str(), api.client_secret.as_str()));
        let follow = async |after: &str| {
            server.post("/revocations", credential, &[("after", after), ("wait", "0")]).await
        };
        server.write(mapae::store::apps::revoke(&app.client_id, server.now())).await;
        let everything = server.post("/revocations", credential, &[("wait", "0")]).await;
        let cursor = everything.text("cursor");
        assert!(
            follow(&cursor).await.json["events"].as_array().unwrap().is_empty(),
            "{engine:?}: up to date"
        );
        let elsewhere = TestServer::start().await;
        let (foreign_api, _) = calendar(&elsewhere, false).await;
        let foreign_credential = Some((foreign_api.client_id.as_str(), foreign_api.client_secret.as_str()));
        let foreign =
            elsewhere.post("/revocations", foreign_credential, &[("wait", "0")]).await.text("cursor");
        let changed = (0..cursor.len()).step_by(7).map(|at| {
            let mut bytes = cursor.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        });
        let forged =
            SQL.into_iter().chain(["0", "-1", "9223372036854775807", "{\"seq\":999}"]).map(str::to_owned);
        for after in changed.chain(forged).chain([foreign, format!("{cursor}A")]) {
            let answer = follow(&after).await;
            // As without a cursor, or refused: never taken for a place that the server had not given.
            if answer.status == 200 {
                assert_eq!(answer.json["events"], everything.json["events"], "{engine:?} {after}");
            } else {
                assert_eq!(
                    (answer.status.as_u16(), answer.error()),
                    (400, "invalid_request"),
                    "{engine:?} {after}"
                );
            }
        }
    }
}

for_each_engine! {
    async fn ad_10_no_size_or_depth_that_somebody_names_is_believed(server: TestServer) {
        let (api, app) = calendar(&server, false).await;
        let signed_in = sign_in(&server, &app, "openid calendar.read").await;
        let credential = Some((api.client_id.as_str(), api.client_secret.as_str()));
        for wait in ["-1", "1000000000", "18446744073709551616", "1e9", "NaN", " ", "0x10", "1,000"] {
            let form = [("wait", wait)];
            let asked = server.post("/revocations", credential, &form);
            let answer = tokio::time::timeout(std::time::Duration::from_secs(60), asked).await;
            let answer = answer.unwrap_or_else(|_| panic!("{wait} is waited for"));
            assert!(answer.status == 400 || answer.status == 200, "{wait}: {}", answer.json);
        }
        let browser = &signed_in.browser;
        for path in ["/account", "/console"] {
            let plain = browser.open(&server.at(path)).await;
            for query in
                ["page=0", "page=-1", "limit=0", "size=1000000000", "page_size=-1", "offset=99999999999999999999"]
            {
                let page = browser.open(&server.at(&format!("{path}?{query}"))).await;
                assert_eq!(
                    (page.status, page.texts(".list li")),
                    (plain.status, plain.texts(".list li")),
                    "{path} {query}"
                );
            }
        }
        // Depth: of names in a form, and of JSON where a form is expected.
        let deep_name = format!("a{}", "[b]".repeat(5_000));
        let deep_json = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
        for path in ["/token", "/introspect", "/revoke", "/revocations"] {
            let answer = server.post(path, credential, &[(&deep_name, "x")]).await;
            // A parameter like any other that nobody knows; only the feed needs none that is missing then.
            assert_eq!(answer.status == 200, path == "/revocations", "{path}: {}", answer.json);
            assert!(answer.status == 200 || answer.status.is_client_error(), "{path}: {}", answer.json);
            let request =
                mapae_testkit::http().post(server.at(path)).basic_auth(&api.client_id, Some(&api.client_secret));
            let request = request.header("content-type", "application/json").body(deep_json.clone());
            let answer = mapae_testkit::client::send(request).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        }
        let many: Vec<(String, &str)> = (0..101).map(|number| (format!("x{number}"), "")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let answer = server.post("/introspect", credential, &many).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_request"));
        server.advance(Seconds::seconds(1));
        assert!(server.is_active(&api, &signed_in.tokens.text("access_token")).await, "it goes on");
    }
}
