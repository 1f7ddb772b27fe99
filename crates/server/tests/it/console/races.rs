//! Many at once: the quota holds, a form makes one thing, and no two changes make what neither may.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use mapae::store::apps;
use mapae_testkit::{Browser, Engine, TestServer, UserFixture};

use super::{REDIRECT, developer, kept};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_thirty_registrations_at_once_25_are_kept() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let node = server.second_node().await;
        let developer = developer(&server, "dev@example.com").await;
        // Each node is signed in to by itself: on this machine cookies carry the port.
        let nodes = [&server, &node];
        let browsers = [sign_in(&server, &developer.user).await, sign_in(&node, &developer.user).await];
        let mut forms = Vec::new();
        for (node, browser) in nodes.iter().zip(&browsers) {
            forms.push(browser.open(&node.at("/console/apps/new")).await);
        }
        let attempts = (0..30).map(|number| {
            let (browser, form) = (&browsers[number % 2], &forms[number % 2]);
            let name = format!("App {number}");
            async move {
                browser.submit(form, "app-create", &[("name", &name), ("redirect_uris", REDIRECT)]).await
            }
        });
        let answers = join_all(attempts).await;
        let made = answers.iter().filter(|page| page.status == 200 && page.has("client-secret")).count();
        let full = answers.iter().filter(|page| page.status == 409).count();
        assert_eq!((made, full), (25, 5), "{engine:?}");
        let own = apps::list_by_owner(server.app().db(), &developer.user.id, 100).await.unwrap();
        assert_eq!(own.len(), 25, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_form_sent_many_times_at_once_makes_one_thing() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let form = developer.browser.open(&server.at("/console/apps/new")).await;
        let fields = [("name", "나의 서비스"), ("redirect_uris", REDIRECT)];
        let answers = join_all((0..8).map(|_| developer.browser.submit(&form, "app-create", &fields))).await;
        let shown: BTreeSet<_> = answers.iter().filter_map(|page| page.text("#client-secret")).collect();
        assert_eq!(shown.len(), 1, "{engine:?}");
        let own = apps::list_by_owner(server.app().db(), &developer.user.id, 100).await.unwrap();
        assert_eq!(own.len(), 1, "{engine:?}");
        let page = developer.page(&server, &own[0].id).await;
        let answers = join_all((0..8).map(|_| developer.browser.submit(&page, "secret-rotate", &[]))).await;
        assert_eq!(answers.iter().filter(|page| page.has("client-secret")).count(), 1, "{engine:?}");
        assert!(answers.iter().all(|page| [200, 303].contains(&page.status.as_u16())), "{engine:?}");
        assert_eq!(kept(&server, &own[0].id).await.secrets.len(), 2, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ad_04_two_changes_at_once_never_make_what_neither_may() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        for round in 0..10 {
            let app =
                developer.register_public(&server, &format!("App {round}"), "https://spa.example/cb").await;
            let page = developer.page(&server, &app.client_id).await;
            let native = [("redirect_uris", "com.example.app:/callback")];
            let (kind, address) = tokio::join!(
                developer.browser.submit(&page, "save-general", &[("kind", "confidential")]),
                developer.browser.submit(&page, "save-addresses", &native),
            );
            let record = kept(&server, &app.client_id).await;
            let native = record.lists.redirect_uris == ["com.example.app:/callback"];
            assert!(
                record.app.settings.public || !native,
                "{engine:?} {round}: a confidential app with a native address"
            );
            let refused = [&kind, &address].into_iter().filter(|page| page.status == 422).count();
            assert_eq!(refused, 1, "{engine:?} {round}: {} {}", kind.status, address.status);
            assert_eq!(record.secrets.len(), usize::from(!record.app.settings.public), "{engine:?} {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_of_different_parts_at_once_are_all_kept() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let app = developer.register(&server, "나의 서비스").await;
        let page = developer.page(&server, &app.client_id).await;
        let (name, address, items) = tokio::join!(
            developer.browser.submit(&page, "save-general", &[("name", "새 이름")]),
            developer.browser.submit(&page, "save-addresses", &[("redirect_uris", "https://new.example/cb")]),
            developer.browser.submit(&page, "save-items", &[("level.email", "required")]),
        );
        assert_eq!([name, address, items].map(|page| page.status.as_u16()), [303; 3], "{engine:?}");
        let record = kept(&server, &app.client_id).await;
        assert_eq!(record.app.settings.name, "새 이름", "{engine:?}");
        assert_eq!(record.lists.redirect_uris, ["https://new.example/cb"], "{engine:?}");
        assert!(record.lists.scopes.iter().any(|item| item.scope == "email" && item.required), "{engine:?}");
    }
}

async fn sign_in(server: &TestServer, user: &UserFixture) -> Browser {
    let browser = Browser::speaking("en");
    let page = browser.visit(&server.at("/console")).await;
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    assert_eq!(browser.follow(browser.submit(&page, "login-submit", &fields).await).await.status, 200);
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_switch_of_the_owner_undoes_a_block_of_the_same_moment() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let app = developer.register(&server, "나의 서비스").await;
        let id = app.client_id.as_str();
        for round in 0..10 {
            let on = developer.page(&server, id).await;
            developer.browser.submit(&on, "app-disable", &[]).await;
            let off = developer.page(&server, id).await;
            let switches = join_all((0..4).map(|_| developer.browser.submit(&off, "app-enable", &[])));
            let block = server.app().db().commit(apps::block(id, server.now()));
            let (answers, blocked) = tokio::join!(switches, block);
            blocked.unwrap();
            assert!(answers.iter().all(|page| page.status == 303), "{engine:?} {round}");
            assert!(kept(&server, id).await.app.blocked_at.is_some(), "{engine:?} {round}");
            // For the next round: on again, by both.
            server.write(apps::unblock(id, server.now())).await;
            server.write(apps::enable(id, server.now())).await;
        }
    }
}
