//! The service's own rules: what its pages allow, who may post its forms, what it says when Mapae is away.

use crate::stage::{Play, header};

#[tokio::test]
async fn op_02_every_answer_has_its_policy() {
    let play = Play::begin().await;
    for path in ["/", "/flow", "/sign-up", "/callback", "/nowhere", "/login?state=evil", "/assets/none.css"] {
        let answer = play.page(path).send().await.unwrap();
        let policy = header(&answer, "content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("script-src 'self'"),
            "{path}: {policy}"
        );
        assert!(policy.contains("form-action 'self' http://localhost:9;"), "{path}: {policy}");
        for (name, value) in [("x-frame-options", "DENY"), ("x-content-type-options", "nosniff")] {
            assert_eq!(header(&answer, name), value, "{path}");
        }
        assert!(header(&answer, "cache-control").contains("no-store"), "{path}");
    }
    play.running.shutdown().await;
}

#[tokio::test]
async fn pages_speak_the_browsers_language_until_the_person_chooses() {
    let play = Play::begin().await;
    let page = async |language: &str, cookie: &str, path: &str| {
        let request = play.page(path).header("accept-language", language).header("cookie", cookie);
        request.send().await.unwrap().text().await.unwrap()
    };
    assert!(page("ko-KR,ko;q=0.9", "", "/").await.contains("<html lang=\"ko\">"));
    assert!(page("fr, en;q=0.5", "", "/flow").await.contains("<html lang=\"en\">"));
    let chosen = play.page("/language?to=ko&back=/flow").send().await.unwrap();
    assert_eq!((chosen.status().as_u16(), header(&chosen, "location")), (303, "/flow"));
    let cookie = header(&chosen, "set-cookie").split(';').next().unwrap().to_owned();
    // The pages of mapae-client too.
    for path in ["/", "/sign-up", "/nowhere"] {
        assert!(page("en", &cookie, path).await.contains("<html lang=\"ko\">"), "{path}");
    }
    let elsewhere = play.page("/language?to=en&back=https://evil.example").send().await.unwrap();
    assert_eq!(header(&elsewhere, "location"), "/");
    play.running.shutdown().await;
}

#[tokio::test]
async fn se_05_forms_are_posted_by_own_pages_only() {
    let play = Play::begin().await;
    for path in ["/events", "/sign-out", "/sign-up", "/unlink", "/flow/experiments/call_api"] {
        for site in ["same-site", "cross-site", "none"] {
            let alone =
                play.http.post(format!("{}{path}", play.running.service_url)).header("sec-fetch-site", site);
            // Beside that of an own page it must not be overlooked.
            let beside = play.form(path, "title=x").header("sec-fetch-site", site);
            for request in [alone, beside] {
                assert_eq!(request.send().await.unwrap().status(), 403, "{path} {site}");
            }
        }
        let unknown = play.http.post(format!("{}{path}", play.running.service_url)).send().await.unwrap();
        assert_eq!(unknown.status(), 403, "{path}");
    }
    // No page posts a logout token: it is proved by what it carries, and this one is not (LO-05).
    let address = format!("{}/login/backchannel-logout/mapae", play.running.service_url);
    let told = play.http.post(address).form(&[("logout_token", "a.b.c")]).send().await.unwrap();
    assert_eq!((told.status().as_u16(), header(&told, "cache-control")), (400, "no-store"));
    play.running.shutdown().await;
}

#[tokio::test]
async fn it_answers_to_its_own_name_and_sends_on_whoever_uses_another_of_this_machine() {
    let play = Play::begin().await;
    let port = play.running.service_url.rsplit(':').next().unwrap();
    let called = async |method: reqwest::Method, host: &str, path: &str| {
        let request = play.http.request(method, format!("{}{path}", play.running.service_url));
        request.header("host", host).header("sec-fetch-site", "same-origin").send().await.unwrap()
    };
    for host in ["evil.example".to_owned(), format!("evil.example:{port}"), "localhost:1".to_owned()] {
        for path in ["/", "/flow/events", "/login"] {
            let answer = called(reqwest::Method::GET, &host, path).await;
            assert_eq!(answer.status(), 421, "{host} {path}");
        }
    }
    let other = format!("127.0.0.1:{port}");
    let sent_on = called(reqwest::Method::GET, &other, "/login?return_to=/flow").await;
    assert_eq!(sent_on.status(), 307);
    let own = format!("{}/login?return_to=/flow", play.running.service_url);
    assert_eq!(header(&sent_on, "location"), own);
    assert_eq!(called(reqwest::Method::POST, &other, "/sign-out").await.status(), 421);
    play.running.shutdown().await;
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_sent_to_the_login() {
    let play = Play::begin().await;
    let add = play.form("/events", "title=x&date=2026-11-21").send().await.unwrap();
    assert_eq!(add.status(), 401);
    let page = play.page("/").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("id=\"login\"") && page.contains("/login?return_to=%2F"));
    play.running.shutdown().await;
}

#[tokio::test]
async fn whoever_was_signed_in_is_told_once_that_it_is_over() {
    let play = Play::begin().await;
    let port = play.running.service_url.rsplit(':').next().unwrap().to_owned();
    let name = format!("my-service-{port}-session");
    let cookie = format!("{name}=c2Vzc2lvbi1vZi1hbm90aGVyLXRpbWUtdGhhdC1pcy1vdmVyLTQz");
    let request = play.page("/").header("cookie", cookie).header("accept-language", "ko");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(header(&answer, "set-cookie").starts_with(&format!("{name}=; Path=/; Max-Age=0")));
    assert!(answer.text().await.unwrap().contains("다시 로그인해 주세요"));
    assert_eq!(play.page("/").send().await.unwrap().status(), 200);
    let state: serde_json::Value = play.page("/flow/state").send().await.unwrap().json().await.unwrap();
    assert_eq!(state["signed_in"], false);
    play.running.shutdown().await;
}

#[tokio::test]
async fn experiments_say_what_is_missing() {
    let play = Play::begin().await;
    let post = async |name: &str, accept: &str| {
        let request = play.form(&format!("/flow/experiments/{name}"), "").header("accept", accept);
        request.header("accept-language", "en").send().await.unwrap()
    };
    let answer = post("replayed_code", "application/json").await;
    let found: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(found["finding"], "not_signed_in");
    let answer = post("replayed_code", "text/html").await;
    let location = header(&answer, "location").to_owned();
    assert_eq!(
        (answer.status().as_u16(), location.as_str()),
        (303, "/flow?did=replayed_code&found=not_signed_in")
    );
    let page =
        play.page(&location).header("accept-language", "en").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Please sign in first"), "what was found is on the page");
    // This one needs nobody, but the authorization server.
    let found: serde_json::Value =
        post("changed_redirect_uri", "application/json").await.json().await.unwrap();
    assert_eq!(found["finding"], "no_answer");
    assert_eq!(post("nothing", "application/json").await.status(), 404);
    play.running.shutdown().await;
}

#[tokio::test]
async fn a_login_says_so_when_mapae_is_away() {
    let play = Play::begin().await;
    let answer = play.page("/login").header("accept-language", "ko").send().await.unwrap();
    assert_eq!(answer.status(), 502);
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("data-trouble=\"sign_in_unavailable\"") && page.contains("지금은 로그인할 수 없어요"),
        "{page}"
    );
    play.running.shutdown().await;
}
