//! Scopes: short names in requests, long addresses in answers.

use mapae_protocol::locale::Locale;

use crate::rules::Asked;

const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
const PROFILE: &str = "https://www.googleapis.com/auth/userinfo.profile";
/// What the default app may ask for beyond signing in.
const CALENDAR: &str = "https://www.googleapis.com/auth/calendar.readonly";

/// The short name of a scope that has one.
pub(super) fn short(scope: &str) -> &str {
    match scope {
        EMAIL => "email",
        PROFILE => "profile",
        other => other,
    }
}

/// Scopes as answers have them.
pub(super) fn long<'a>(scopes: impl IntoIterator<Item = &'a String>) -> String {
    let mut long: Vec<&str> = scopes
        .into_iter()
        .map(|scope| match scope.as_str() {
            "email" => EMAIL,
            "profile" => PROFILE,
            other => other,
        })
        .collect();
    // As Google does: `openid` in front.
    long.sort_by_key(|scope| (*scope != "openid", *scope));
    long.join(" ")
}

/// The lines of the consent page: who signs in cannot refuse to be known, but anything beyond.
pub(super) fn asked(scopes: &[&String], locale: Locale) -> Vec<Asked> {
    let line = |id: &&String| {
        let (ko, en) = match id.as_str() {
            "openid" => ("Google 계정 식별", "Know who you are at Google"),
            "email" => ("이메일 주소 보기", "See your e-mail address"),
            "profile" => ("이름과 프로필 사진 보기", "See your name and picture"),
            CALENDAR => ("내 Google 캘린더 보기", "See your Google calendars"),
            other => (other, other),
        };
        let title = match locale {
            Locale::Ko => ko,
            Locale::En => en,
        };
        let basic = matches!(id.as_str(), "openid" | "email" | "profile");
        Asked { id: (*id).clone(), title: title.to_owned(), required: basic, ticked: basic }
    };
    scopes.iter().map(line).collect()
}
