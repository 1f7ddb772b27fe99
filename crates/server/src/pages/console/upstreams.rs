//! Providers that people sign in with, for whoever runs the server.

use crate::pages::{Page, at, example, look::Desk, shown::Shown};

/// The providers.
#[derive(Debug, Clone)]
pub struct Upstreams {
    /// Who is signed in.
    pub desk: Desk,
    /// All of them, also those that are switched off.
    pub upstreams: Vec<ShownUpstream>,
}

/// One provider.
#[derive(Debug, Clone)]
pub struct ShownUpstream {
    /// What it is called in addresses.
    pub id: String,
    /// What people call it.
    pub provider: Shown,
    /// What this server is called there.
    pub client_id: Shown,
    /// What must be registered there.
    pub redirect_uri: String,
    /// Addresses for its notices.
    pub notice_uris: Vec<String>,
    /// Credentials without which these are refused, as a list for people.
    pub missing_for_notices: Option<Shown>,
    /// It stands in the file of settings, and is changed there.
    pub of_settings: bool,
    /// It is switched off.
    pub disabled: bool,
    /// What a test has just found.
    pub finding: Option<Finding>,
}

impl ShownUpstream {
    fn redirect_id(&self) -> String {
        format!("redirect-{}", self.id)
    }
}

/// What a test found.
#[derive(Debug, Clone)]
pub enum Finding {
    /// Client id and secret are right.
    Right,
    /// Something is wrong.
    Wrong {
        /// What, in the words of the log.
        code: Shown,
        /// What to do.
        advice: Shown,
    },
}

impl Page for Upstreams {
    const NAME: &'static str = "console-upstreams";

    template!(Upstreams, "pages/console_upstreams.html");

    fn address(&self) -> Option<String> {
        Some(at::UPSTREAMS.to_owned())
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let kakao = ShownUpstream {
            id: "kakao".to_owned(),
            provider: Shown::name("카카오"),
            client_id: Shown::sentence("mapaekakaorestapikey000000000001"),
            redirect_uri: "https://id.example.com/upstream/kakao/callback".to_owned(),
            notice_uris: vec!["https://id.example.com/upstream/kakao/notices/unlink".to_owned()],
            missing_for_notices: Some(Shown::sentence("admin_key, app_id")),
            of_settings: false,
            disabled: false,
            finding: None,
        };
        let google = ShownUpstream {
            id: "google".to_owned(),
            provider: Shown::name("Google"),
            redirect_uri: "https://id.example.com/upstream/google/callback".to_owned(),
            notice_uris: Vec::new(),
            missing_for_notices: None,
            of_settings: true,
            ..kakao.clone()
        };
        let wrong = Finding::Wrong {
            code: Shown::sentence("the provider refused: Configuration(ClientSecret)"),
            advice: Shown::sentence(
                "카카오디벨로퍼스 > 앱 > 플랫폼 키 > REST API 키 > 클라이언트 시크릿의 값을 적거나, 사용하지 않는다면 끄세요 (KOE010).",
            ),
        };
        let of = |upstreams| Self { desk: example::desk(), upstreams };
        vec![
            ("none", of(Vec::new())),
            (
                "some",
                of(vec![
                    kakao.clone(),
                    google,
                    ShownUpstream { id: "kakao-2".to_owned(), disabled: true, ..kakao.clone() },
                ]),
            ),
            ("right", of(vec![ShownUpstream { finding: Some(Finding::Right), ..kakao.clone() }])),
            ("wrong", of(vec![ShownUpstream { finding: Some(wrong), ..kakao }])),
        ]
    }
}
