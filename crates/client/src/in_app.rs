//! Browsers inside other apps, in which some providers let nobody sign in (Google: `disallowed_useragent`; RFC 8252 §8.12).

use http::{HeaderMap, header};

use crate::provider::Provider;

/// What browsers inside other apps call themselves.
const MARKS: &[&str] = &[
    "KAKAOTALK",
    "NAVER(inapp",
    "FBAN/",
    "FBAV/",
    "Instagram",
    "Line/",
    "DaumApps",
    "everytimeApp",
    "; wv)",
];

/// Whether a browser that calls itself so (`User-Agent`) is one inside another app.
#[must_use]
pub fn names_an_app(user_agent: &str) -> bool {
    MARKS.iter().any(|mark| user_agent.contains(mark))
}

impl Provider {
    /// Whether the provider lets nobody sign in in the browser whose request has these headers: it is one inside another app,
    /// and the definition says that such browsers are refused there. Do not show its button, or say how to open a real one.
    #[must_use]
    pub fn refuses_browser(&self, headers: &HeaderMap) -> bool {
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        self.definition().refuses_in_app_browsers() && agent.is_some_and(names_an_app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8252 §8.12.
    #[test]
    fn browsers_inside_other_apps_are_told_from_real_ones() {
        for (agent, inside) in [
            (
                "Mozilla/5.0 (Linux; Android 16; SM-S931N; wv) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
                true,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 KAKAOTALK 25.9.0",
                true,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) NAVER(inapp; search; 1280; 12.10.4; 16)",
                true,
            ),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) [FBAN/FBIOS;FBAV/480.0]", true),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1",
                false,
            ),
            (
                "Mozilla/5.0 (Linux; Android 16; SM-S931N) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
                false,
            ),
            ("", false),
        ] {
            assert_eq!(names_an_app(agent), inside, "{agent}");
        }
    }
}
