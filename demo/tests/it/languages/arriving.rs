//! Who comes for the first time, who comes again, and who keeps something to themselves.

use super::*;

#[tokio::test]
async fn a_first_login_in_both_languages() {
    let play = Play::with_providers().await;
    for visitor in visitors(&play) {
        let welcome = visitor.person.visit("/").await;
        visitor.says(&welcome, WELCOME);
        let consent = visitor.arrive().await;
        visitor.says(&consent, ("동의하고 계속하기", "Agree and continue"));
        let form = visitor.person.agree(consent).await;
        visitor.says(&form, ("누구인지는 {}에서 알려 줬어요.", "{} has told us who you are."));
        visitor.says(&form, ("가입하기", "Sign up"));
        // Answers that do not do are told in words, too.
        let nothing = [("nickname", ""), ("terms", "")];
        let page = visitor.person.press(&form, "sign-up-submit", &nothing).await;
        assert_eq!(page.status, 422, "{}", page.body);
        visitor.says(&page, ("고칠 것이 있어요", "Something needs correcting"));
        visitor
            .says(&page, ("약관에 동의해야 가입할 수 있어요.", "Signing up takes agreement to the terms."));
        let wrong =
            [("nickname", "가람"), ("birthday", "yesterday"), ("interest", "nothing"), ("terms", "on")];
        let again = visitor.person.press(&page, "sign-up-submit", &wrong).await;
        visitor.says(&again, ("연-월-일로 적어 주세요.", "Write it as year-month-day"));
        visitor.says(&again, ("목록에서 골라 주세요.", "Please choose from the list."));
        let member = visitor.person.sign_up(&again).await;
        visitor.says(&member, ("{} 계정으로 로그인했어요", "Signed in with {}"));
        let token = ("지금 쓰는 액세스 토큰은", "The access token in use ends in");
        visitor.says(&member, token);
    }
    play.end().await;
}

#[tokio::test]
async fn a_second_login_is_straight_in_in_both_languages() {
    let play = Play::with_providers().await;
    for visitor in visitors(&play) {
        let member = visitor.join().await;
        let out = visitor.person.press(&member, "sign-out", &[]).await;
        visitor.says(&out, WELCOME);
        let member = visitor.press_the_button().await;
        assert_eq!((member.status, member.address.path()), (200, "/"), "nothing is asked: {}", member.body);
        visitor.says(&member, ("{} 계정으로 로그인했어요", "Signed in with {}"));
        // At another computer the provider asks who it is, and nobody asks for more.
        let elsewhere =
            Visitor { person: Person::speaking(&play.running, visitor.person.language), ..visitor };
        let page = elsewhere.press_the_button().await;
        elsewhere.says(&page, AT_SIGN_IN);
        let member = elsewhere.identify(&page).await;
        elsewhere.says(&member, ("{} 계정으로 로그인했어요", "Signed in with {}"));
    }
    play.end().await;
}

/// What each of them lets people keep to themselves.
#[tokio::test]
async fn a_refused_item_in_both_languages() {
    let play = Play::with_providers().await;
    for visitor in visitors(&play) {
        // Two who have an address.
        let name = match (visitor.person.language, visitor.login.name) {
            (Locale::Ko, _) => visitor.login.person,
            (Locale::En, "naver") => "haneul",
            (Locale::En, "google") => "minseo",
            (Locale::En, _) => "minji",
        };
        let visitor = Visitor { name, ..visitor };
        let consent = match visitor.login.name {
            "google" => beyond_signing_in(&visitor).await,
            _ => visitor.arrive().await,
        };
        let (question, choice) = match visitor.login.name {
            "apple" => (("나의 이메일 가리기", "Hide my e-mail"), ("email_choice", "hide")),
            _ => (("[선택]", "[optional]"), ("item", "")),
        };
        visitor.says(&consent, question);
        let form = visitor.person.press(&consent, "consent-approve", &[choice]).await;
        let member = visitor.person.sign_up(&form).await;
        visitor.says(&member, ("{} 계정으로 로그인했어요", "Signed in with {}"));
        match visitor.login.name {
            "google" => assert!(
                member.body.contains("<bdi>minseo@") || member.body.contains("<bdi>jiwoo"),
                "{}",
                member.body
            ),
            "apple" => assert!(member.body.contains("@privaterelay.appleid.com"), "{}", member.body),
            _ => {
                visitor.says(&member, ("받지 않음", "not given"));
                assert!(!member.body.contains('@'), "{}", member.body);
            }
        }
    }
    play.end().await;
}

/// Google lets nobody sign in without name and address. What can be refused is a scope beyond, which this service does
/// not ask for: it is added to its request on the way.
async fn beyond_signing_in(visitor: &Visitor) -> Page {
    let start = visitor.person.get(&visitor.person.at("/login?provider=google&return_to=/")).await;
    let address = start.headers()["location"].to_str().unwrap();
    let calendar = "https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcalendar.readonly";
    let wider = address.replace("scope=", &format!("scope={calendar}%20"));
    assert_ne!(wider, address);
    let page = visitor.person.open(&wider).await;
    visitor.says(&page, AT_SIGN_IN);
    let consent = visitor.identify(&page).await;
    visitor.says(&consent, ("내 Google 캘린더 보기", "See your Google calendars"));
    consent
}
