//! The service's terms: versions, agreement, withdrawal.

use mapae_client::{AccountError, ClientBuilder, Error, Field, ProblemKind, SignUpOutcome, Term};

use super::stage::{Member, Stage};
use crate::website::Browser;

fn first(builder: ClientBuilder<Member>) -> ClientBuilder<Member> {
    builder.terms([
        Term::required("service", "2026-01-01").titled("이용약관", "Terms of service").at("/terms/service"),
        Term::required("privacy", "1"),
        Term::optional("mail", "1").titled("광고성 정보 수신", "News by e-mail"),
    ])
}

fn second(builder: ClientBuilder<Member>) -> ClientBuilder<Member> {
    let terms = [
        Term::required("service", "2026-12-01"),
        Term::required("privacy", "1"),
        Term::optional("mail", "1"),
    ];
    builder.terms(terms).sign_up([Field::required("nickname")])
}

async fn sign_up(stage: &Stage, browser: &mut Browser, body: &str) -> Result<Vec<String>, Error> {
    match stage.client.sign_up(&browser.headers(), body.as_bytes()).await? {
        SignUpOutcome::Done(redirect) => {
            browser.take(&redirect.cookies);
            Ok(Vec::new())
        }
        SignUpOutcome::Again(form) => {
            assert!(form.problems.iter().all(|problem| problem.kind == ProblemKind::Missing));
            Ok(form.problems.into_iter().map(|problem| problem.field).collect())
        }
    }
}

#[tokio::test]
async fn se_32_required_terms_are_agreed_to_in_the_version_on_the_page() {
    let stage = Stage::with(first).await;
    let mut browser = Browser::default();
    assert_eq!(stage.sign_in(&mut browser, 0, "alice").await.unwrap(), "/sign-up");
    let form = stage.client.sign_up_form(&browser.headers()).await.unwrap();
    let asked: Vec<_> = form.terms.iter().map(|term| (term.name(), term.is_required())).collect();
    assert_eq!(asked, [("service", true), ("privacy", true), ("mail", false)]);
    for (body, open) in [
        ("", vec!["term.service", "term.privacy"]),
        ("term.mail=1", vec!["term.service", "term.privacy"]),
        ("term.service=2025-01-01&term.privacy=1", vec!["term.service"]),
        ("term.service=on&term.privacy=on", vec!["term.service", "term.privacy"]),
    ] {
        assert_eq!(sign_up(&stage, &mut browser, body).await.unwrap(), open, "{body}");
    }
    assert_eq!((stage.members.count(), stage.account(&browser).await), (0, None));
    assert_eq!(
        sign_up(&stage, &mut browser, "term.service=2026-01-01&term.privacy=1").await.unwrap(),
        [""; 0]
    );
    let agreed = stage.client.agreements(&stage.person(0, "alice")).await.unwrap();
    let seen: Vec<_> = agreed.iter().map(|one| (one.term.as_str(), one.version.as_str())).collect();
    assert_eq!(seen, [("privacy", "1"), ("service", "2026-01-01")]);
    assert!(agreed.iter().all(|one| one.agreed_at == stage.clock.now() && one.withdrawn_at.is_none()));
    stage.browser_of(0, "alice").await;
}

#[tokio::test]
async fn a_new_required_version_is_asked_for_at_the_next_sign_in_and_before_any_session() {
    let mut stage = Stage::with(first).await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, 0, "alice").await.unwrap();
    sign_up(&stage, &mut browser, "term.service=2026-01-01&term.privacy=1").await.unwrap();
    stage.client = stage.again(&[("one", 0), ("two", 1)], second).await;
    stage.clock.advance(60);
    assert!(stage.account(&browser).await.is_some(), "who is signed in stays so");
    let mut next = Browser::default();
    assert_eq!(stage.sign_in(&mut next, 0, "alice").await.unwrap(), "/sign-up");
    assert_eq!(stage.account(&next).await, None, "no session before the agreement");
    let form = stage.client.sign_up_form(&next.headers()).await.unwrap();
    let asked: Vec<_> = form.terms.iter().map(|term| (term.name(), term.version())).collect();
    assert_eq!(asked, [("service", "2026-12-01"), ("mail", "1")], "only what is open");
    assert!(form.is_for_terms_only(), "the fields were answered long ago");
    assert_eq!(sign_up(&stage, &mut next, "term.service=2026-01-01").await.unwrap(), ["term.service"]);
    assert_eq!(sign_up(&stage, &mut next, "term.service=2026-12-01").await.unwrap(), [""; 0]);
    assert_eq!(stage.account(&next).await, Some(stage.person(0, "alice")));
    assert_eq!(stage.members.count(), 1);
    let agreed = stage.client.agreements(&stage.person(0, "alice")).await.unwrap();
    let service: Vec<_> = agreed.iter().filter(|one| one.term == "service").collect();
    assert_eq!(
        (service.len(), service[0].version.as_str()),
        (2, "2026-01-01"),
        "the old agreement stays on record"
    );
    stage.browser_of(0, "alice").await;
}

#[tokio::test]
async fn a_step_for_new_terms_is_no_way_around_the_form_of_a_new_account() {
    let mut stage = Stage::with(first).await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, 0, "alice").await.unwrap();
    sign_up(&stage, &mut browser, "term.service=2026-01-01&term.privacy=1").await.unwrap();
    stage.client = stage.again(&[("one", 0), ("two", 1)], second).await;
    stage.sign_in(&mut browser, 0, "alice").await.unwrap();
    stage.members.rows.lock().unwrap().clear();
    let open = sign_up(&stage, &mut browser, "term.service=2026-12-01").await.unwrap();
    assert_eq!(open, ["nickname", "term.privacy"]);
    assert_eq!(stage.members.count(), 0);
}

#[tokio::test]
async fn optional_terms_are_withdrawn_and_agreed_to_again_and_all_of_it_is_on_record() {
    let stage = Stage::with(first).await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, 0, "alice").await.unwrap();
    sign_up(&stage, &mut browser, "term.service=2026-01-01&term.privacy=1&term.mail=1").await.unwrap();
    let set = async |term: &str, version: Option<&str>, browser: &Browser| {
        stage.clock.advance(10);
        stage.client.set_agreement(term, version, &browser.headers()).await
    };
    set("mail", None, &browser).await.unwrap();
    set("mail", None, &browser).await.unwrap();
    set("mail", Some("1"), &browser).await.unwrap();
    set("mail", Some("1"), &browser).await.unwrap();
    let agreed = stage.client.agreements(&stage.person(0, "alice")).await.unwrap();
    let mail: Vec<_> = agreed.iter().filter(|one| one.term == "mail").collect();
    assert_eq!((mail.len(), mail[0].withdrawn_at.is_some(), mail[1].withdrawn_at), (2, true, None));
    assert!(mail[1].agreed_at > mail[0].withdrawn_at.unwrap());
    for (term, version) in [("service", None), ("unknown", None), ("mail", Some("2")), ("unknown", Some("1"))]
    {
        let refused = set(term, version, &browser).await;
        assert!(matches!(refused, Err(Error::Account(AccountError::UnknownTerm))), "{term} {version:?}");
    }
    let nobody = set("mail", None, &Browser::default()).await;
    assert!(matches!(nobody, Err(Error::Account(AccountError::NotSignedIn))));
}

#[tokio::test]
async fn agreements_go_with_the_account() {
    let stage = Stage::with(first).await;
    let mut browser = Browser::default();
    stage.sign_in(&mut browser, 0, "alice").await.unwrap();
    sign_up(&stage, &mut browser, "term.service=2026-01-01&term.privacy=1&term.mail=1").await.unwrap();
    let account = stage.account(&browser).await.unwrap();
    stage.members.rows.lock().unwrap().remove(&account);
    stage.client.account_deleted(&account, None).await.unwrap();
    stage.sign_in(&mut browser, 0, "alice").await.unwrap();
    let form = stage.client.sign_up_form(&browser.headers()).await.unwrap();
    assert_eq!(form.terms.len(), 3, "all is asked again");
    sign_up(&stage, &mut browser, "term.service=2026-01-01&term.privacy=1").await.unwrap();
    assert_eq!(stage.client.agreements(&account).await.unwrap().len(), 2);
}
