//! What providers tell ends everything of the person here, at once.

use mapae::store::identities;
use mapae_simulators::Command;
use mapae_testkit::{AppSpec, Authorization, Browser};

use super::stage::{PASSWORD, Stage, by_password, for_each_engine, sign_up};
use crate::store::broken;

async fn heard(stage: &Stage, kind: &str, notice: &str) {
    let url = Some(stage.server.at(&format!("/upstream/kakao/notices/{notice}")));
    let command = Command::Webhook { kind: kind.to_owned(), url, method: None, client_id: None };
    stage.simulator("kakao").control(command).await.unwrap();
}

for_each_engine! {
    async fn lk_12_who_unlinks_at_the_provider_is_out_of_everything(stage: Stage of ["kakao"]) {
        heard(&stage, "unlink", "unlink").await;
        let app = stage.server.register(AppSpec { optional: vec!["offline_access".into()], ..AppSpec::default() }).await;
        let browser = Browser::default();
        let authorization = Authorization::of(&app, "openid offline_access");
        let door = browser.visit(&authorization.address(&stage.server)).await;
        let page = stage.through(&browser, &door, "kakao", ("ryan", &["account_email"])).await;
        let page = sign_up(&browser, &page, "라이언").await;
        let page = browser.submit(&page, "consent-approve", &[("all", "1")]).await;
        let tokens = stage.server.redeem(&app, &page.answered("code").unwrap(), &authorization.verifier).await;
        let access_token = tokens.text("access_token");
        assert_eq!(stage.server.userinfo(&access_token).await.status, 200);
        stage.simulator("kakao").control(Command::unlink("ryan")).await.unwrap();
        assert_eq!(stage.server.userinfo(&access_token).await.status, 401);
        let refreshed = stage.server.refresh(&app, &tokens.text("refresh_token")).await;
        assert_eq!(refreshed.error(), "invalid_grant");
        assert!(stage.door(&browser).await.has("login-submit"), "and signed out");
        stage.enter(&Browser::default(), "kakao", ("ryan", &["account_email"])).await;
        assert_eq!(stage.accounts().await.len(), 1, "the account is still theirs");
    }

    async fn lk_12_who_has_facebook_delete_sees_what_became_of_it(stage: Stage of ["facebook"]) {
        let url = Some(stage.server.at("/upstream/facebook/notices/data_deletion"));
        let command = Command::Webhook { kind: "data_deletion".to_owned(), url, method: None, client_id: None };
        stage.simulator("facebook").control(command).await.unwrap();
        let browser = Browser::default();
        let account = stage.enter(&browser, "facebook", ("sora", &["email"])).await;
        assert!(account.body.contains("sora"), "{}", account.body);
        let done = stage.simulator("facebook").control(Command::unlink("sora")).await.unwrap();
        let [told] = done.notices.as_slice() else { panic!("{done:?}") };
        let answer: serde_json::Value = serde_json::from_str(&told.answer).unwrap();
        let (page, code) = (answer["url"].as_str().unwrap(), answer["confirmation_code"].as_str().unwrap());
        assert_eq!((told.status, page), (Some(200), stage.server.at(&format!("/upstream/facebook/deletion?code={code}")).as_str()));
        let user = stage.accounts().await.remove(0).user.id;
        let kept = identities::of_user(stage.server.app().db(), &user).await.unwrap().remove(0);
        assert!(kept.tokens.is_none() && kept.label.is_empty(), "{kept:?}");
        assert!(stage.door(&browser).await.has("login-submit"), "and signed out");
        // The person follows the address, in whatever browser.
        for (language, words) in [("ko", "Facebook에서 받은 정보를 삭제했어요."), ("en", "What came from Facebook was deleted.")] {
            let seen = Browser::default().visit(&format!("{page}&lang={language}")).await;
            assert!(seen.status == 200 && seen.text("h1").unwrap().contains(words), "{} {}", seen.status, seen.body);
            assert_eq!(seen.text("#code").as_deref(), Some(code));
        }
        for (path, status) in [
            ("/upstream/facebook/deletion", 404),
            ("/upstream/facebook/deletion?code=0123456789abcdef01234567", 404),
            ("/upstream/facebook/deletion?code=%3Cscript%3E", 404),
            ("/upstream/nobody/deletion?code=1", 404),
            ("/upstream/facebook/deletion?code=1&code=2", 400),
        ] {
            let seen = Browser::default().visit(&stage.server.at(path)).await;
            assert!(seen.status == status && !seen.body.contains("<script>"), "{path} {} {}", seen.status, seen.body);
        }
        // Told once more, and of somebody who was never here: the same kind of answer.
        let form = |text: String| mapae_testkit::http().post(&told.url).header("content-type", "application/x-www-form-urlencoded").body(text);
        let again: serde_json::Value = form(told.sent.clone()).send().await.unwrap().json().await.unwrap();
        assert_eq!(again, answer);
        let forged = form(told.sent.replacen("signed_request=", "signed_request=x", 1)).send().await.unwrap();
        assert!(forged.status().is_client_error(), "{}", forged.status());
        stage.advance(90 * 86_400);
        assert_eq!(Browser::default().visit(page).await.status, 404, "nobody asks for ever");
    }

    async fn lk_12_one_signature_under_two_notices_says_two_things(stage: Stage of ["facebook"]) {
        for kind in ["deauthorize", "data_deletion"] {
            let url = Some(stage.server.at(&format!("/upstream/facebook/notices/{kind}")));
            let command = Command::Webhook { kind: kind.to_owned(), url, method: None, client_id: None };
            stage.simulator("facebook").control(command).await.unwrap();
        }
        stage.enter(&Browser::default(), "facebook", ("sora", &["email"])).await;
        let done = stage.simulator("facebook").control(Command::unlink("sora")).await.unwrap();
        let [unlinked, deletion] = done.notices.as_slice() else { panic!("{done:?}") };
        assert_eq!(unlinked.sent, deletion.sent, "nothing in it says which of them it is");
        let answer = [unlinked, deletion].into_iter().find(|notice| notice.url.contains("deletion")).unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer.answer).unwrap();
        let page = Browser::default().visit(answer["url"].as_str().unwrap()).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let user = stage.accounts().await.remove(0).user.id;
        let kept = identities::of_user(stage.server.app().db(), &user).await.unwrap().remove(0);
        assert!(kept.tokens.is_none() && kept.label.is_empty(), "{kept:?}");
    }

    async fn lk_12_a_used_signature_is_not_shown_under_the_other_notice_later(stage: Stage of ["facebook"]) {
        let url = |kind: &str| stage.server.at(&format!("/upstream/facebook/notices/{kind}"));
        let command = Command::Webhook { kind: "deauthorize".to_owned(), url: Some(url("deauthorize")), method: None, client_id: None };
        stage.simulator("facebook").control(command).await.unwrap();
        stage.enter(&Browser::default(), "facebook", ("sora", &["email"])).await;
        let done = stage.simulator("facebook").control(Command::unlink("sora")).await.unwrap();
        let [told] = done.notices.as_slice() else { panic!("{done:?}") };
        let browser = Browser::default();
        stage.enter(&browser, "facebook", ("sora", &["email"])).await;
        let show = async |kind: &str| {
            let form = mapae_testkit::http().post(url(kind)).header("content-type", "application/x-www-form-urlencoded");
            form.body(told.sent.clone()).send().await.unwrap().status().as_u16()
        };
        stage.advance(121);
        assert_eq!(show("data_deletion").await, 400, "a removal of the app is no wish for deletion");
        assert_eq!(show("deauthorize").await, 200, "what was carried out is said to be");
        let user = stage.accounts().await.remove(0).user.id;
        let kept = identities::of_user(stage.server.app().db(), &user).await.unwrap().remove(0);
        assert!(kept.tokens.is_some() && !kept.label.is_empty(), "{kept:?}");
        assert!(stage.door(&browser).await.has("services"), "and nobody is signed out");
    }

    /// RFC 8935 §2.3, §2.4.
    async fn rfc_8935_a_token_that_proves_nothing_is_refused_with_a_code(stage: Stage of ["kakao"]) {
        for body in ["", "e.y.J", "eyJhbGciOiJub25lIn0.e30.", "app_id=1234&user_id=1"] {
            let request = mapae_testkit::http().post(stage.server.at("/upstream/kakao/notices/account"));
            let answer = request.header("content-type", "application/secevent+jwt").body(body).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.headers()["content-language"].to_str().unwrap()), (400, "en"));
            let said: serde_json::Value = answer.json().await.unwrap();
            assert!(["invalid_request", "invalid_key"].contains(&said["err"].as_str().unwrap()), "{said}");
            assert!(!said["description"].as_str().unwrap().is_empty(), "{said}");
        }
    }

    async fn a_head_of_a_notice_carries_nothing_out(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        stage.enter(&browser, "kakao", ("ryan", &[])).await;
        let address = stage.server.at("/upstream/kakao/notices/unlink?app_id=1234&user_id=1376016924429759228");
        let ask = |method| {
            let request = mapae_testkit::http().request(method, &address);
            request.header("authorization", "KakaoAK mapaekakaoadminkey00000000000001").send()
        };
        assert_eq!(ask(reqwest::Method::HEAD).await.unwrap().status(), 200);
        assert!(stage.door(&browser).await.has("services"));
        assert_eq!(ask(reqwest::Method::GET).await.unwrap().status(), 200);
        assert!(stage.door(&browser).await.has("login-submit"), "and what is meant does");
    }

    /// At the provider's pages, and at the sign-up step: what ended there begins nothing here.
    async fn lk_12_lo_10_whoever_is_on_the_way_in_does_not_arrive(stage: Stage of ["kakao"]) {
        heard(&stage, "unlink", "unlink").await;
        stage.enter(&Browser::default(), "kakao", ("ryan", &["account_email"])).await;
        let (before, waiting) = (Browser::default(), Browser::default());
        let door = stage.door(&before).await;
        let left = stage.press(&before, &door, "kakao").await;
        let back = stage.at_the_provider(&before, &left, ("ryan", &[])).await;
        let form = stage.come(&waiting, "kakao", ("muzi", &[])).await;
        assert!(form.has("linking") || form.has("have-account"), "{}", form.body);
        stage.advance(1);
        for person in ["ryan", "muzi"] {
            let done = stage.simulator("kakao").control(Command::unlink(person)).await.unwrap();
            assert_eq!(done.notices.iter().map(|notice| notice.status).collect::<Vec<_>>(), [Some(200)]);
        }
        let page = before.visit(back.as_str()).await;
        assert!(!page.has("sign-out"), "{} {}", page.status, page.body);
        assert!(stage.door(&before).await.has("login-submit"));
        let page = waiting.submit(&form, "login-submit", &[("name", "무지")]).await;
        assert_eq!(page.status, 400, "{}", page.body);
        assert_eq!(stage.accounts().await.len(), 1, "nobody was made");
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
    }

    /// Told between the last look and the write, of whom no account knows yet: nothing moves whose epoch the write compares.
    async fn lk_12_lo_10_whoever_ends_in_the_moment_of_a_link_is_not_linked(stage: Stage of ["kakao"]) {
        let owner = stage.server.user("ryan@example.test").await;
        broken::end_whoever_is_linked(&stage.server).await;
        // By an owner who adds them, by a proof, and by an account of their own.
        let is_anybodys = async |who: &str| {
            let accounts = stage.accounts().await;
            let ways = accounts.iter().map(|account| identities::of_user(stage.server.app().db(), &account.user.id));
            let ways = futures_util::future::join_all(ways).await;
            ways.into_iter().flat_map(Result::unwrap).any(|way| way.subject == who)
        };
        let browser = Browser::default();
        let account = by_password(&browser, &stage.door(&browser).await, &owner.email, PASSWORD).await;
        stage.through(&browser, &account, "kakao", ("muzi", &[])).await;
        let added = is_anybodys("4029384756").await;
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("ryan", &["account_email"])).await;
        assert!(page.has("linking"), "{} {}", page.status, page.body);
        let account = by_password(&browser, &page, &owner.email, PASSWORD).await;
        assert!(account.has("services"), "the password is right: {} {}", account.status, account.body);
        let proved = is_anybodys("1376016924429759228").await;
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("minji", &[])).await;
        sign_up(&browser, &page, "민지").await;
        let made = stage.accounts().await.len() > 1 || !stage.door(&browser).await.has("login-submit");
        assert_eq!((added, proved, made), (false, false, false));
    }

    /// Linked when the notice was proved already, and just before it was written down: it is seen.
    async fn lk_12_lo_10_whoever_is_linked_in_the_moment_of_a_notice_has_nothing_left(stage: Stage of ["kakao"]) {
        heard(&stage, "unlink", "unlink").await;
        let owner = stage.server.user("ryan@example.test").await;
        let browser = Browser::default();
        let account = by_password(&browser, &stage.door(&browser).await, &owner.email, PASSWORD).await;
        assert!(account.has("services"), "{} {}", account.status, account.body);
        stage.come(&Browser::default(), "kakao", ("muzi", &[])).await;
        broken::link_whoever_ends(&stage.server, &owner.id, "4029384756").await;
        let done = stage.simulator("kakao").control(Command::unlink("muzi")).await.unwrap();
        assert_eq!(done.notices.iter().map(|notice| notice.status).collect::<Vec<_>>(), [Some(200)]);
        let way = identities::of_user(stage.server.app().db(), &owner.id).await.unwrap().remove(0);
        assert!(way.subject == "4029384756" && way.tokens.is_none(), "{way:?}");
        assert!(stage.door(&browser).await.has("login-submit"), "and signed out");
    }

    /// What a notice means could not be written, and yet nobody comes in who set out before it: that it was told was
    /// written first.
    async fn lk_12_lo_10_that_it_was_told_stands_before_anybody_looks_whose_it_is(stage: Stage of ["kakao"]) {
        stage.enter(&Browser::default(), "kakao", ("ryan", &["account_email"])).await;
        let tell = async || {
            let request = mapae_testkit::http().post(stage.server.at("/upstream/kakao/notices/unlink"));
            let request = request.header("content-type", "application/x-www-form-urlencoded");
            let request = request.header("authorization", "KakaoAK mapaekakaoadminkey00000000000001");
            request.body("app_id=1234&user_id=1376016924429759228").send().await.unwrap().status().as_u16()
        };
        let before = Browser::default();
        let left = stage.press(&before, &stage.door(&before).await, "kakao").await;
        let back = stage.at_the_provider(&before, &left, ("ryan", &[])).await;
        stage.advance(1);
        broken::end_everything_of_everybody(&stage.server).await;
        assert_eq!(tell().await, 503, "it is told again");
        broken::end_nothing_of_anybody(&stage.server).await;
        before.visit(back.as_str()).await;
        assert!(stage.door(&before).await.has("login-submit"), "they are in");
        assert_eq!(tell().await, 200);
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
    }

    /// A repeat says nothing of who has come since, and of whoever is on the way.
    async fn lk_12_mx_02_a_notice_that_is_told_twice_stops_nobody_who_set_out_in_between(stage: Stage of ["facebook"]) {
        let url = Some(stage.server.at("/upstream/facebook/notices/data_deletion"));
        let command = Command::Webhook { kind: "data_deletion".to_owned(), url, method: None, client_id: None };
        stage.simulator("facebook").control(command).await.unwrap();
        stage.enter(&Browser::default(), "facebook", ("sora", &["email"])).await;
        let done = stage.simulator("facebook").control(Command::unlink("sora")).await.unwrap();
        let [told] = done.notices.as_slice() else { panic!("{done:?}") };
        stage.advance(1);
        let browser = Browser::default();
        let left = stage.press(&browser, &stage.door(&browser).await, "facebook").await;
        let back = stage.at_the_provider(&browser, &left, ("sora", &["email"])).await;
        stage.advance(1);
        let again = mapae_testkit::http().post(&told.url).header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(again.body(told.sent.clone()).send().await.unwrap().status(), 200);
        let page = browser.visit(back.as_str()).await;
        assert!(stage.door(&browser).await.has("services"), "{} {}", page.status, page.body);
    }

    async fn a_notice_of_anybody_else_ends_nothing(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        stage.enter(&browser, "kakao", ("ryan", &[])).await;
        let address = stage.server.at("/upstream/kakao/notices/unlink");
        let client = mapae_testkit::http();
        for (authorization, body, status) in [
            (None, "app_id=1234&user_id=1376016924429759228", 403),
            (Some("KakaoAK wrong"), "app_id=1234&user_id=1376016924429759228", 403),
            (Some("KakaoAK mapaekakaoadminkey00000000000001"), "app_id=9&user_id=1376016924429759228", 403),
            (Some("KakaoAK mapaekakaoadminkey00000000000001"), "app_id=1234", 400),
            (Some("KakaoAK mapaekakaoadminkey00000000000001"), "app_id=1234&user_id=1", 200),
        ] {
            let mut request = client.post(&address).header("content-type", "application/x-www-form-urlencoded").body(body);
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            assert_eq!(request.send().await.unwrap().status(), status, "{authorization:?} {body}");
        }
        for unknown in ["/upstream/kakao/notices/other", "/upstream/nobody/notices/unlink"] {
            assert_eq!(client.post(stage.server.at(unknown)).send().await.unwrap().status(), 404);
        }
        assert!(stage.door(&browser).await.has("services"), "nothing has ended");
    }
}
