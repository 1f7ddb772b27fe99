//! What a cache between may keep: nothing that is about a person — OP-17.

use mapae::console::ROUTES;
use mapae_testkit::{AppSpec, Authorization, Browser, Page, TestServer};

use super::{account, for_each_engine, sign_in};

/// The names in a header that is a list.
fn list(page: &Page, name: &str) -> Vec<String> {
    let lines = page.headers.get_all(name).iter().map(|line| line.to_str().unwrap().to_owned());
    lines
        .flat_map(|line| line.split(',').map(|word| word.trim().to_lowercase()).collect::<Vec<_>>())
        .collect()
}

fn is_for_one_reader(page: &Page, told: &str) {
    assert_eq!(list(page, "cache-control"), ["no-store"], "{told}: {:?}", page.headers);
    assert!(!page.headers.contains_key("etag") && !page.headers.contains_key("expires"), "{told}");
    // A redirect has no content that differs.
    if page.location().is_some() {
        return;
    }
    let vary = list(page, "vary");
    for wanted in ["cookie", "accept-language"] {
        assert!(vary.iter().any(|name| name == wanted), "{told}: Vary is {vary:?}");
    }
}

for_each_engine! {
    async fn op_17_no_page_of_a_person_is_kept_by_a_shared_cache(server: TestServer) {
        let app = server.register(AppSpec::default()).await;
        let user = server.user("hong@example.com").await;
        let (browser, stranger) = (Browser::default(), Browser::default());
        let code = server.code(&browser, &user, &Authorization::of(&app, "openid email")).await;
        assert!(!code.is_empty());
        let home = account(&server, &browser, &user).await;
        let service = home.values(".list a", "href").remove(0);
        let own = [
            "/account", &service, &format!("{service}/disconnect"), "/sign-out", "/sign-in", "/sign-up",
            "/password/forgot", "/console", "/console/apps/new", "/nowhere", "/account/password",
        ]
        .map(str::to_owned);
        let of_console = ROUTES.iter().filter(|route| route.methods.contains(&"GET"));
        let of_console = of_console.map(|route| route.path.replace("{id}", "app_AAAAAAAAAAAAAAAAAAAAAA"));
        for path in own.into_iter().chain(of_console) {
            for (who, browser) in [("signed in", &browser), ("nobody", &stranger)] {
                // Each step on the way, not only where it ends.
                let mut page = browser.open(&server.at(&path)).await;
                is_for_one_reader(&page, &format!("{who} at {path}"));
                while let Some(next) = page.location() {
                    page = browser.open(next.as_str()).await;
                    is_for_one_reader(&page, &format!("{who} at {path}, {next}"));
                }
                // What caches take for a picture because of how it ends.
                for ending in ["/x.css", ".css", "%2fx.png", ";x.js", "?x.png"] {
                    let page = browser.open(&server.at(&format!("{path}{ending}"))).await;
                    is_for_one_reader(&page, &format!("{who} at {path}{ending}"));
                }
            }
        }
        let authorization = Authorization::of(&app, "openid email profile");
        let asked = browser.visit(&authorization.address(&server)).await;
        assert!(asked.has("consent-approve"));
        is_for_one_reader(&asked, "consent");
        let answered = browser.submit(&asked, "consent-approve", &[]).await;
        is_for_one_reader(&answered, "the redirect with a code");
        let form_post = authorization.with("response_mode", "form_post");
        is_for_one_reader(&browser.visit(&form_post.address(&server)).await, "the form with a code");
        let wrong = stranger.visit(&server.at("/sign-in")).await;
        is_for_one_reader(&sign_in(&stranger, &wrong, &user.email, "wrong").await, "a wrong password");
    }

    async fn op_17_answers_with_tokens_are_kept_by_nobody(server: TestServer) {
        let app = server.register(AppSpec::default()).await;
        let user = server.user("hong@example.com").await;
        let authorization = Authorization::of(&app, "openid email");
        let code = server.code(&Browser::default(), &user, &authorization).await;
        let tokens = server.redeem(&app, &code, &authorization.verifier).await;
        let again = server.redeem(&app, &code, &authorization.verifier).await;
        let userinfo = server.userinfo(&tokens.text("access_token")).await;
        for (name, answer) in [("tokens", tokens), ("a refusal", again), ("userinfo", userinfo)] {
            assert_eq!(answer.headers["cache-control"], "no-store", "{name}");
            assert!(!answer.headers.contains_key("etag"), "{name}");
        }
    }
}
