//! AD-05: a secret is in one answer and nowhere else, neither in a page nor in the database.

use mapae::console::ROUTES;
use mapae_testkit::{Engine, TestServer, postgres};

use super::{developer, fixture};

/// Everything in the database, as one text.
async fn dump(server: &TestServer, url: Option<&str>) -> String {
    match url {
        None => {
            let files =
                ["mapae.db", "mapae.db-wal"].map(|name| std::fs::read(server.data().join(name)).unwrap());
            files.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
        }
        Some(url) => postgres::dump(url).await.unwrap(),
    }
}

#[tokio::test]
async fn ad_05_a_secret_is_shown_once_and_never_again() {
    for engine in Engine::ALL {
        let database = TestServer::database_on(engine).await;
        let options = mapae_testkit::Options { database: database.clone(), ..Default::default() };
        let server = TestServer::start_with(options).await;
        let developer = developer(&server, "dev@example.com").await;
        let first = developer.register(&server, "나의 서비스").await;
        let second = fixture(&developer.save(&server, &first.client_id, "secret-rotate", &[]).await);
        let secrets = [first, second].map(|app| (app.client_id, app.client_secret.unwrap()));
        let kept = dump(&server, database.as_deref()).await;
        assert!(kept.contains(&secrets[0].0), "{engine:?}: the app is in what was read");
        for (id, secret) in &secrets {
            assert!(!kept.contains(secret), "{engine:?}: a secret is in the database");
            for route in ROUTES.iter().filter(|route| route.methods.contains(&"GET")) {
                let page = developer.browser.open(&server.at(&route.path.replace("{id}", id))).await;
                assert_eq!(page.status, 200, "{engine:?} {}", route.path);
                assert!(!page.body.contains(secret), "{engine:?}: a secret is on {}", route.path);
                assert_eq!(page.headers["cache-control"], "no-store", "{}", route.path);
            }
        }
    }
}

#[tokio::test]
async fn ad_05_the_page_with_the_secret_is_in_no_cache_and_has_no_address() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let fields = [("name", "나의 서비스"), ("redirect_uris", super::REDIRECT)];
    let page = developer.try_register(&server, &fields).await;
    let app = fixture(&page);
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert!(page.location().is_none());
    assert!(page.values(".tongues a", "href").is_empty(), "no link leads back to it");
    let secret = app.client_secret.unwrap();
    assert!(page.headers.values().all(|value| !String::from_utf8_lossy(value.as_bytes()).contains(&secret)));
}
