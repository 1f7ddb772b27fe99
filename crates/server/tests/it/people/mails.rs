//! Asking for mails — threats SE-15, SE-19, OP-12.

use std::collections::BTreeMap;

use mapae::clock::Clock;
use mapae_protocol::time::{Seconds, Timestamp};
use mapae_testkit::{Browser, Engine, Options, Page, TestServer};

use super::{PASSWORD, ask};

/// Everything of an answer that a stranger could compare, apart from what he typed himself and random text.
fn face(page: &Page, email: &str) -> (u16, BTreeMap<String, String>, String) {
    let varying = ["date", "x-request-id"];
    let headers = page.headers.iter().filter(|(name, _)| !varying.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let step = page.values("input[name=step]", "value").remove(0);
    let body = page.body.replace(&step, "STEP").replace(email, "EMAIL");
    (page.status.as_u16(), headers.collect(), body)
}

#[tokio::test]
async fn se_15_known_and_unknown_addresses_get_the_same_answer() {
    let server = TestServer::start().await;
    server.user("known_@example.com").await;
    for path in ["/sign-up", "/password/forgot"] {
        let known = ask(&server, &Browser::default(), path, "known_@example.com").await;
        let unknown = ask(&server, &Browser::default(), path, "nobody@example.com").await;
        // The first answer to a browser brings a cookie; these are the second.
        assert_eq!(face(&known, "known_@example.com"), face(&unknown, "nobody@example.com"), "{path}");
    }
    let known: Vec<_> =
        server.mails_to("known_@example.com").await.iter().map(mapae_testkit::Mail::link).collect();
    assert_eq!(known.len(), 2);
    assert_eq!(known[0], server.at("/sign-in"), "somebody with an account is led to sign in");
    assert!(known[1].starts_with(&server.at("/password/new?token=")));
    let unknown = server.mails_to("nobody@example.com").await;
    assert_eq!(unknown.len(), 1, "who has no account gets no mail about its password");
    assert!(unknown[0].link().starts_with(&server.at("/sign-up/finish?token=")));
}

#[tokio::test]
async fn se_16_the_answer_does_not_wait_for_the_mail() {
    // Nothing that depends on the address happens before the answer: the mailbox is still empty when the folder
    // is taken away, and the answer is the same.
    let server = TestServer::start().await;
    server.user("known_@example.com").await;
    std::fs::remove_dir_all(&server.app().config().mail.mailbox).unwrap();
    for email in ["known_@example.com", "nobody@example.com"] {
        let page = ask(&server, &Browser::default(), "/sign-up", email).await;
        assert_eq!(page.status, 200);
        assert!(page.has("mail-again"));
    }
    server.app().mails_written().await;
}

#[tokio::test]
async fn a_promised_mail_outlives_its_process() {
    for engine in Engine::ALL {
        let folder = tempfile::tempdir().unwrap();
        let database = TestServer::database_on(engine).await;
        let database =
            database.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("mapae.db").display()));
        let node = |clock| Options {
            database: Some(database.clone()),
            beside: Some(folder.path().to_owned()),
            clock: Some(Clock::manual(clock)),
            ..Options::default()
        };
        let start = Timestamp::from_unix(1_800_000_000);
        let server = TestServer::start_with(node(start)).await;
        server.user("known@example.com").await;
        // Nothing can be written to the mailbox: all that there is of a mail is its order.
        let mailbox = server.app().config().mail.mailbox.clone();
        std::fs::remove_dir_all(&mailbox).unwrap();
        std::fs::write(&mailbox, "").unwrap();
        for (path, email) in [
            ("/password/forgot", "known@example.com"),
            ("/password/forgot", "nobody@example.com"),
            ("/sign-up", "new@example.com"),
        ] {
            let page = ask(&server, &Browser::default(), path, email).await;
            assert!(page.has("mail-again"), "{engine:?} {path}");
        }
        server.app().mails_written().await;
        server.stop().await;

        std::fs::remove_file(&mailbox).unwrap();
        let server = TestServer::start_with(node(start.plus(Seconds::minutes(1)))).await;
        let reset = server.link_to("known@example.com").await;
        assert!(reset.contains("/password/new?token="), "{engine:?}: {reset}");
        assert!(server.link_to("new@example.com").await.contains("/sign-up/finish?token="), "{engine:?}");
        assert_eq!(server.mails().await.len(), 2, "{engine:?}: each once, and nobody is written to in vain");
        server.advance(Seconds::minutes(5));
        assert_eq!(server.mails().await.len(), 2, "{engine:?}: and never again");
        assert!(Browser::default().visit(&reset).await.has("login-submit"), "{engine:?}");
    }
}

#[tokio::test]
async fn op_12_mails_to_one_address_are_few() {
    let server = TestServer::start().await;
    server.user("kim@example.com").await;
    for (path, email) in [("/sign-up", "hong@example.com"), ("/password/forgot", "kim@example.com")] {
        let mut faces = Vec::new();
        for _ in 0..6 {
            let page = ask(&server, &Browser::default(), path, email).await;
            faces.push(face(&page, email));
            server.advance(Seconds::minutes(9));
        }
        assert!(faces.windows(2).all(|pair| pair[0] == pair[1]), "nobody is told");
        assert_eq!(server.mails_to(email).await.len(), 3, "{path}: three within an hour");
        server.advance(Seconds::hours(1));
        ask(&server, &Browser::default(), path, email).await;
        assert_eq!(server.mails_to(email).await.len(), 4, "{path}");
    }
}

#[tokio::test]
async fn op_12_one_source_cannot_mail_to_everybody() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    for n in 0..14 {
        let page = ask(&server, &browser, "/sign-up", &format!("somebody{n}@example.com")).await;
        assert!(page.has("mail-again"), "the answer stays the same");
    }
    assert_eq!(server.mails().await.len(), 10);
    // Signing in has a budget of its own.
    let user = server.user("kim@example.com").await;
    assert!(super::gets_in(&server, &user.email, PASSWORD).await);
    server.advance(Seconds::seconds(20));
    ask(&server, &browser, "/sign-up", "late@example.com").await;
    assert_eq!(server.mails().await.len(), 11);
}

#[tokio::test]
async fn se_19_no_mail_goes_to_what_is_no_address() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    let form = browser.visit(&server.at("/sign-up")).await;
    for email in [
        "",
        "  ",
        "hong",
        "a@evil.com@victim.com",
        "v\u{456}ctim@example.com",
        "a\u{ff20}b.com",
        "a@b.com\r\nBcc: evil@example.com",
        "a@b.com,evil@example.com",
    ] {
        let page = browser.submit(&form, "login-submit", &[("email", email)]).await;
        assert_eq!(page.status, 422, "{email:?}");
        assert_eq!(page.values("[aria-invalid]", "name"), ["email"], "{email:?}");
    }
    let (action, mut fields) = form.form("login-submit");
    fields.retain(|(name, _)| name != "email");
    fields.extend(["a@example.com", "evil@example.com"].map(|email| ("email".to_owned(), email.to_owned())));
    assert_eq!(browser.post(&action, &form, &fields).await.status, 400, "a list of addresses is none");
    assert!(server.mails().await.is_empty());
}

#[tokio::test]
async fn a_mail_is_in_the_language_of_its_person() {
    let server = TestServer::start().await;
    let english = Browser::speaking("en");
    ask(&server, &english, "/sign-up", "hong@example.com").await;
    let mail = server.mails().await.remove(0);
    assert_eq!(mail.subject, "Finish signing up for Mapae");
    assert!(mail.text.contains("24 hours"), "{}", mail.text);
    let form = english.visit(&mail.link()).await;
    english.submit(&form, "login-submit", &[("name", "Hong"), ("password", PASSWORD)]).await;
    server.advance(Seconds::hours(1));
    // Somebody else asks, in Korean; the mail is for the person.
    ask(&server, &Browser::default(), "/password/forgot", "hong@example.com").await;
    let mails = server.mails_to("hong@example.com").await;
    assert_eq!(mails[1].subject, "Reset your password");
    assert!(mails[1].text.contains("15 minutes"), "{}", mails[1].text);
}

#[tokio::test]
async fn the_page_of_a_sent_mail_sends_it_again() {
    let server = TestServer::start().await;
    let browser = Browser::default();
    let sent = ask(&server, &browser, "/sign-up", "hong@example.com").await;
    let again = browser.submit(&sent, "mail-again", &[]).await;
    assert!(again.has("mail-again"));
    assert_eq!(server.mails_to("hong@example.com").await.len(), 2);
}
