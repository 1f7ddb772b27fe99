//! The console's page of providers: for whoever runs the server, and nobody else.

use mapae::store::{Unit, upstreams, users};
use mapae_testkit::{Browser, Page};

use super::stage::{PASSWORD, Stage, by_password, for_each_engine};

const CHOICES: &str = "/console/upstreams/kakao/choices";

/// What the form posts with these fields.
fn choices(page: &Page, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let csrf = ("csrf", page.values("input[name=csrf]", "value").remove(0));
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    [(csrf.0.to_owned(), csrf.1)].into_iter().chain(fields).collect()
}

/// The page as an operator sees it.
async fn page(stage: &Stage, browser: &Browser) -> Page {
    let user = stage.server.user("someone@example.com").await;
    let known = users::by_id(stage.server.app().db(), &user.id).await.unwrap().unwrap();
    let operator = users::NewUser {
        id: "usr_operator".to_owned(),
        email: Some("operator@example.com".to_owned()),
        email_verified: true,
        name: "운영자".to_owned(),
        locale: None,
        password_hash: known.password_hash,
        operator: true,
        claims: None,
    };
    stage.server.write(Unit::from(users::insert(&operator, stage.server.now()))).await;
    let door = browser.visit(&stage.server.at("/console/upstreams")).await;
    by_password(browser, &door, "operator@example.com", PASSWORD).await
}

for_each_engine! {
    async fn it_shows_what_to_register_and_tests_it(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let shown = page(&stage, &browser).await;
        let redirect_uri = stage.server.at("/upstream/kakao/callback");
        assert_eq!(shown.text("#redirect-kakao"), Some(redirect_uri));
        let tested = browser.submit(&shown, "test-kakao", &[]).await;
        assert!(tested.text("#finding").unwrap().contains("맞아요"), "{}", tested.body);
        stage.mapae(&["upstream", "remove", "kakao"]).await;
        stage.add("kakao", "kakao", Some("wrong")).await;
        let tested = browser.submit(&shown, "test-kakao", &[]).await;
        let finding = tested.text("#finding").unwrap();
        assert!(finding.contains("클라이언트 시크릿") && finding.contains("KOE010"), "{finding}");
        assert!(!tested.body.contains("mapaekakaoclientsecret"), "no page shows a secret");
    }

    async fn it_switches_a_provider_off_and_on(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let shown = page(&stage, &browser).await;
        let off = browser.follow(browser.submit(&shown, "off-kakao", &[]).await).await;
        assert!(off.has("on-kakao"), "{} {}", off.status, off.body);
        assert!(!stage.door(&Browser::default()).await.has("upstream-kakao"));
        let on = browser.follow(browser.submit(&off, "on-kakao", &[]).await).await;
        assert!(on.has("off-kakao"));
        assert!(stage.door(&Browser::default()).await.has("upstream-kakao"));
    }

    async fn whose_word_on_addresses_counts_is_chosen_there(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let shown = page(&stage, &browser).await;
        assert_eq!(shown.values("#trust-emails-kakao[checked]", "value"), ["on"]);
        assert!(!shown.has("hosted-domain-kakao"), "Kakao signs nobody's organisation");
        let saved = browser.follow(browser.post(CHOICES, &shown, &choices(&shown, &[])).await).await;
        assert!(saved.has("notice") && saved.has("trust-emails-kakao"), "{} {}", saved.status, saved.body);
        assert!(saved.values("#trust-emails-kakao[checked]", "value").is_empty(), "{}", saved.body);
        assert_eq!(stage.mapae(&["upstream", "show", "kakao"]).await["trust_emails"], false);
        // What the provider checked is nobody's own any more.
        stage.enter(&Browser::default(), "kakao", ("ryan", &["account_email"])).await;
        assert_eq!(stage.address_of("ryan").await, None);
        let back = browser.follow(browser.submit(&saved, "save-kakao", &[("trust_emails", "on")]).await).await;
        assert_eq!(back.values("#trust-emails-kakao[checked]", "value"), ["on"]);
        assert_eq!(stage.mapae(&["upstream", "show", "kakao"]).await["trust_emails"], true);
        stage.enter(&Browser::default(), "kakao", ("minji", &["account_email"])).await;
        assert_eq!(stage.address_of("minji").await.as_deref(), Some("minji@example.test"));
    }

    async fn rp_13_whose_people_are_let_in_is_chosen_there(stage: Stage of ["google"]) {
        let browser = Browser::default();
        let shown = page(&stage, &browser).await;
        for wrong in ["https://example.com", "@example.com", "a b", "example.com/x"] {
            let refused = browser.submit(&shown, "save-google", &[("hosted_domain", wrong)]).await;
            assert_eq!(refused.status, 422, "{wrong}");
            assert_eq!(refused.values("#hosted-domain-google[aria-invalid]", "value"), [wrong]);
        }
        assert!(stage.mapae(&["upstream", "show", "google"]).await.get("hosted_domain").is_none());
        let saved = browser.submit(&shown, "save-google", &[("hosted_domain", " example.com ")]).await;
        let saved = browser.follow(saved).await;
        assert_eq!(saved.values("#hosted-domain-google", "value"), ["example.com"]);
        assert_eq!(stage.mapae(&["upstream", "show", "google"]).await["hosted_domain"], "example.com");
        let refused = stage.come(&Browser::default(), "google", ("jiwoo", &[])).await;
        assert!(!refused.has("have-account"), "of no organisation: {}", refused.body);
        let open = browser.follow(browser.submit(&saved, "save-google", &[("hosted_domain", "")]).await).await;
        assert_eq!(open.values("#hosted-domain-google", "value"), [""]);
        stage.enter(&Browser::default(), "google", ("jiwoo", &[])).await;
    }

    async fn ad_06_a_choice_is_not_blamed_for_what_is_wrong_with_another_setting(stage: Stage of ["google"]) {
        let browser = Browser::default();
        let shown = page(&stage, &browser).await;
        let before = upstreams::all(stage.server.app().db()).await.unwrap().pop().unwrap();
        // As an earlier version wrote it, whose definition had such a value.
        let options = before.options.replacen('{', r#"{"vars":{"edition":"v2"},"#, 1);
        stage.server.write(upstreams::update(&before, &upstreams::Upstream { options, ..before.clone() })).await;
        for fields in [&[("hosted_domain", "example.com")][..], &[("hosted_domain", "https://example.com")]] {
            let refused = browser.submit(&shown, "save-google", fields).await;
            assert_eq!(refused.status, 422, "{}", refused.body);
            assert!(!refused.has("hosted-domain-google-wrong"), "{}", refused.body);
            assert_eq!(refused.values("#hosted-domain-google", "value"), [fields[0].1]);
            assert!(refused.values("#hosted-domain-google[aria-invalid]", "value").is_empty(), "{}", refused.body);
            assert!(refused.has("finding") && refused.body.contains("vars"), "it says which: {}", refused.body);
        }
    }

    async fn ad_04_of_two_choices_at_once_none_undoes_what_the_command_line_wrote(stage: Stage of ["google"]) {
        let browser = Browser::default();
        let shown = page(&stage, &browser).await;
        stage.mapae(&["upstream", "update", "google", "--label", "회사"]).await;
        let fields = [("hosted_domain", "example.com")];
        let (one, two) = tokio::join!(
            browser.submit(&shown, "save-google", &fields),
            browser.submit(&shown, "save-google", &fields)
        );
        assert_eq!((one.status.as_u16(), two.status.as_u16()), (303, 303));
        let shown = stage.mapae(&["upstream", "show", "google"]).await;
        assert_eq!((&shown["label"], &shown["hosted_domain"]), (&"회사".into(), &"example.com".into()));
    }

    async fn ad_01_whoever_does_not_run_the_server_finds_no_such_page(stage: Stage of ["kakao"]) {
        let user = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let account = by_password(&browser, &door, &user.email, PASSWORD).await;
        assert_eq!(browser.open(&stage.server.at("/console/upstreams")).await.status, 404);
        let csrf = account.values("input[name=csrf]", "value").pop().unwrap();
        for part in ["test", "state", "choices"] {
            let fields = [("csrf".to_owned(), csrf.clone()), ("state".to_owned(), "off".to_owned())];
            let action = format!("/console/upstreams/kakao/{part}");
            assert_eq!(browser.post(&action, &account, &fields).await.status, 404, "{part}");
        }
        assert!(stage.door(&Browser::default()).await.has("upstream-kakao"));
    }
}
