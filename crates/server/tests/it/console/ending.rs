//! Switching off, switching on, deleting: what dies at /authorize and /token, and what comes back.

use mapae::store::apps;
use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, Engine, TestServer, UserFixture};

use super::{Developer, developer, fixture, kept, led_to};
use crate::store::broken;

struct InUse {
    developer: Developer,
    app: AppFixture,
    person: UserFixture,
    browser: Browser,
    access_token: String,
    refresh_token: String,
}

async fn in_use(server: &TestServer) -> InUse {
    let developer = developer(server, "dev@example.com").await;
    let app = developer.register(server, "나의 서비스").await;
    let person = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid");
    let code = server.code(&browser, &person, &authorization).await;
    let tokens = server.redeem(&app, &code, &authorization.verifier).await;
    let (access_token, refresh_token) = (tokens.text("access_token"), tokens.text("refresh_token"));
    InUse { developer, app, person, browser, access_token, refresh_token }
}

#[tokio::test]
async fn an_app_that_is_off_is_no_app_until_it_is_on_again() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let InUse { developer, app, person, browser, access_token, refresh_token } = in_use(&server).await;
        let authorization = Authorization::of(&app, "openid");
        let in_flight = server.code(&browser, &person, &authorization).await;
        let page = developer.page(&server, &app.client_id).await;
        let off = developer.browser.submit(&page, "app-disable", &[]).await;
        assert!(led_to(&off).ends_with("?done=disabled"));
        let refused = browser.visit(&authorization.address(&server)).await;
        assert_eq!((refused.status.as_u16(), refused.location()), (400, None), "{engine:?}");
        assert_eq!(server.redeem(&app, &in_flight, &authorization.verifier).await.status, 401, "{engine:?}");
        assert_eq!(server.refresh(&app, &refresh_token).await.status, 401, "{engine:?}");
        assert_eq!(server.userinfo(&access_token).await.status, 401, "{engine:?}");
        let epoch = kept(&server, &app.client_id).await.app.epoch;
        led_to(&developer.browser.submit(&page, "app-disable", &[]).await);
        assert_eq!(kept(&server, &app.client_id).await.app.epoch, epoch, "{engine:?}: off already");

        let on = developer.save(&server, &app.client_id, "app-enable", &[]).await;
        assert!(led_to(&on).ends_with("?done=enabled"));
        let dead = server.redeem(&app, &in_flight, &authorization.verifier).await;
        assert_eq!(dead.error(), "invalid_grant", "{engine:?}: what had ended stays dead");
        assert_eq!(server.refresh(&app, &refresh_token).await.error(), "invalid_grant", "{engine:?}");
        let code = server.code(&browser, &person, &authorization).await;
        assert_eq!(server.redeem(&app, &code, &authorization.verifier).await.status, 200, "{engine:?}");
    }
}

#[tokio::test]
async fn an_owner_cannot_switch_on_what_the_operator_switched_off() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let InUse { developer, app, access_token, .. } = in_use(&server).await;
        let id = app.client_id.as_str();
        let page_when_on = developer.page(&server, id).await;
        led_to(&developer.browser.submit(&page_when_on, "app-disable", &[]).await);
        let page_when_off = developer.page(&server, id).await;

        server.write(apps::block(id, server.now())).await;
        let page = developer.page(&server, id).await;
        assert!(!page.has("app-enable") && !page.has("app-disable"), "{engine:?}: no switch is offered");
        assert!(
            page.has("app-delete") && page.body.contains("contact the operator"),
            "{engine:?}: {}",
            page.body
        );
        // The buttons of pages that were opened before.
        for (page, button) in [(&page_when_off, "app-enable"), (&page_when_on, "app-disable")] {
            let told = developer.browser.submit(page, button, &[]).await;
            assert!(led_to(&told).ends_with("?done=blocked"), "{engine:?} {button}");
            assert!(developer.browser.follow(told).await.has("notice"));
        }
        let app_now = kept(&server, id).await.app;
        assert!(
            app_now.blocked_at.is_some() && app_now.disabled_at.is_some(),
            "{engine:?}: nothing was switched"
        );
        let refused = Browser::default().visit(&Authorization::of(&app, "openid").address(&server)).await;
        assert_eq!((refused.status.as_u16(), refused.location()), (400, None), "{engine:?}");
        assert_eq!(server.userinfo(&access_token).await.status, 401, "{engine:?}");

        server.write(apps::unblock(id, server.now())).await;
        let on = developer.save(&server, id, "app-enable", &[]).await;
        assert!(led_to(&on).ends_with("?done=enabled"), "{engine:?}: the operator's block is over");
        let asked = Browser::default().visit(&Authorization::of(&app, "openid").address(&server)).await;
        assert!(asked.has("login-submit"), "{engine:?}");
    }
}

#[tokio::test]
async fn a_deleted_app_is_gone_everywhere() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let InUse { developer, app, browser, access_token, refresh_token, .. } = in_use(&server).await;
        let address = server.at(&format!("/console/apps/{}/delete", app.client_id));
        let confirm = developer.browser.open(&address).await;
        assert!(confirm.body.contains("1 connected person"), "{engine:?}: {}", confirm.body);
        for wrong in ["", " ", "나의서비스", "나의 서비스2"] {
            let page = developer.browser.submit(&confirm, "app-delete-confirm", &[("name", wrong)]).await;
            assert_eq!(page.status, 422, "{engine:?} {wrong:?}");
            assert_eq!(page.values("#name", "value"), [wrong]);
        }
        assert_eq!(kept(&server, &app.client_id).await.app.deleted_at, None);
        let gone =
            developer.browser.submit(&confirm, "app-delete-confirm", &[("name", " 나의 서비스 ")]).await;
        assert_eq!(led_to(&gone), "/console?done=deleted");
        let home = developer.browser.follow(gone).await;
        assert!(home.has("notice") && !home.body.contains(&app.client_id), "{engine:?}");
        let refused = browser.visit(&Authorization::of(&app, "openid").address(&server)).await;
        assert_eq!((refused.status.as_u16(), refused.location()), (400, None), "{engine:?}");
        assert_eq!(server.refresh(&app, &refresh_token).await.status, 401, "{engine:?}");
        assert_eq!(server.userinfo(&access_token).await.status, 401, "{engine:?}");
        assert_eq!(developer.page(&server, &app.client_id).await.status, 404, "{engine:?}");
        let late = developer.browser.submit(&confirm, "app-delete-confirm", &[("name", "나의 서비스")]).await;
        assert_eq!(late.status, 404, "{engine:?}");
        let record = kept(&server, &app.client_id).await;
        assert!(record.secrets.is_empty() && record.lists.redirect_uris.is_empty(), "{engine:?}");
    }
}

/// OIDC Core §8.
#[tokio::test]
async fn everybody_is_new_to_the_next_app_only_if_this_one_has_ids_of_its_own() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    for (subject_type, title, new) in
        [("pairwise", "An ID for this service", true), ("public", "Your Mapae ID", false)]
    {
        let app =
            server.register(AppSpec { subject_type: subject_type.to_owned(), ..AppSpec::default() }).await;
        server.write(apps::give_to(&app.client_id, &developer.user.id, server.now())).await;
        let page = developer.page(&server, &app.client_id).await;
        assert_eq!(page.texts("#items .level-head bdi")[0], title, "{}", page.body);
        let address = server.at(&format!("/console/apps/{}/delete", app.client_id));
        let confirm = developer.browser.open(&address).await;
        assert!(confirm.has("app-delete-confirm"), "{}", confirm.body);
        assert_eq!(confirm.body.contains("everybody will be new"), new, "{}", confirm.body);
    }
}

#[tokio::test]
async fn ad_01_who_gives_an_app_away_in_that_moment_ends_nothing_of_it() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let InUse { developer, app, .. } = in_use(&server).await;
        let id = app.client_id.as_str();
        fixture(&developer.save(&server, id, "secret-rotate", &[]).await);
        let page = developer.page(&server, id).await;
        let confirm = developer.browser.open(&server.at(&format!("/console/apps/{id}/delete"))).await;
        let end = async || {
            [
                developer.browser.submit(&page, "secret-end", &[]).await,
                developer.browser.submit(&page, "app-disable", &[]).await,
                developer.browser.submit(&confirm, "app-delete-confirm", &[("name", "나의 서비스")]).await,
            ]
        };
        broken::give_apps_away(&server).await;
        for refused in end().await {
            assert_eq!(refused.status, 503, "{engine:?}: {}", refused.body);
        }
        let whole = kept(&server, id).await;
        let going_on = whole.secrets.iter().filter(|secret| secret.valid(server.now())).count();
        assert_eq!((whole.app.off_by(), whole.app.deleted_at, going_on), (None, None, 2), "{engine:?}");
        broken::leave_apps_alone(&server).await;
        for done in end().await {
            assert_eq!(done.status, 303, "{engine:?}: {}", done.body);
        }
    }
}

#[tokio::test]
async fn a_name_is_confirmed_in_any_spelling_of_its_letters() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    // As a Korean keyboard composes it, and decomposed as some programs copy it.
    let app = developer.register(&server, "나의 앱").await;
    let address = server.at(&format!("/console/apps/{}/delete", app.client_id));
    let confirm = developer.browser.open(&address).await;
    let decomposed = "\u{1102}\u{1161}\u{110B}\u{1174} \u{110B}\u{1162}\u{11B8}";
    led_to(&developer.browser.submit(&confirm, "app-delete-confirm", &[("name", decomposed)]).await);
}
