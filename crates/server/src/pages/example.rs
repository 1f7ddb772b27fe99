//! The people and apps of the samples.

use mapae_protocol::{client_metadata::SubjectType, redirect_uri::RedirectUri};

use crate::pages::{
    console::{AppStatus, ConsoleApp},
    look::{AppCard, Desk, Person},
    moment::Moment,
    scope_text::ScopeText,
    shown::Shown,
};
use crate::store::apps::Standing;

pub(in crate::pages) const NOW: i64 = 1_800_000_000;
pub(in crate::pages) const STEP: &str = "stp_3sQpN9mVx1yYk0d7Jc5uTQ";
pub(in crate::pages) const CSRF: &str = "csr_Zt0q4H8bW2nL6xRf";
pub(in crate::pages) const APP_ID: &str = "app_8fKq2Zr6TnVb1xYc4Lw9Qg";
pub(in crate::pages) const REDIRECT: &str = "http://localhost:3000/callback";

#[expect(clippy::expect_used, reason = "a constant, which every test of the samples reads")]
pub(in crate::pages) fn redirect() -> RedirectUri {
    RedirectUri::parse(REDIRECT).expect("the address of a sample")
}

pub(in crate::pages) fn app() -> AppCard {
    AppCard {
        leads_to: Some(Shown::place("calendar.example.com")),
        policy: Some("https://calendar.example.com/privacy".to_owned()),
        terms: Some("https://calendar.example.com/terms".to_owned()),
        ..AppCard::named("나의 서비스")
    }
}

pub(in crate::pages) fn long_app() -> AppCard {
    AppCard {
        leads_to: Some(Shown::place("a-rather-long-subdomain.of-a-rather-long-domain.example.co.kr")),
        standing: Standing::Unverified,
        ..AppCard::named(
            "모두가 함께 쓰는 아주아주 긴 이름의 일정 관리 및 회의실 예약 그리고 구내식당 식단 알림 서비스 프로",
        )
    }
}

pub(in crate::pages) fn app_at_address() -> AppCard {
    AppCard {
        leads_to: Some(Shown::place("agent.example")),
        standing: Standing::Unverified,
        ..AppCard::named("도우미")
    }
}

pub(in crate::pages) fn person() -> Person {
    Person::new("김마패", "mapae.kim@example.com")
}

pub(in crate::pages) fn desk() -> Desk {
    Desk { person: person(), csrf: CSRF.to_owned() }
}

pub(in crate::pages) const fn minutes_ago(minutes: i64) -> Moment {
    Moment::new(NOW - minutes * 60, NOW)
}

pub(in crate::pages) fn scope(scope: &str, own_title: &str) -> ScopeText {
    ScopeText::new(scope, own_title, SubjectType::Pairwise)
}

pub(in crate::pages) fn console_app() -> ConsoleApp {
    ConsoleApp { id: APP_ID.to_owned(), card: app(), public: false, machine: false, status: AppStatus::On }
}
