//! Providers that people sign in with, for whoever runs the server.

use crate::pages::{
    Page, at, example,
    input::{FoundMistake, Input, Mistake, Mistakes},
    look::Desk,
    shown::Shown,
    texts::Texts,
};

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
    /// What has just been found.
    pub finding: Option<Finding>,
    /// What can be chosen about it here.
    pub choices: Choices,
    /// What was chosen has just been written down.
    pub saved: bool,
}

/// The form `choices`: `trust_emails` and, where the provider signs it, `hosted_domain`.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// Its word that it has checked an address is taken.
    pub trust_emails: bool,
    /// The organisation whose people are let in. None: the provider signs nobody's.
    pub hosted_domain: Option<Input<ChoiceMistake>>,
}

/// What is wrong with a choice.
#[derive(Debug, Clone, Copy)]
pub enum ChoiceMistake {
    /// It is no domain.
    NotADomain,
}

impl Mistake for ChoiceMistake {
    fn text(&self, t: &Texts) -> String {
        match self {
            Self::NotADomain => t.of("upstreams.hosted_domain_wrong").to_owned(),
        }
    }
}

impl Upstreams {
    fn mistakes(&self, t: &Texts) -> Vec<FoundMistake> {
        let none = Mistakes::new(t);
        let all = self.upstreams.iter().fold(none, |mistakes, upstream| {
            let domain = upstream.choices.hosted_domain.as_ref();
            let mistake = domain.and_then(|domain| domain.mistake.as_ref());
            mistakes.field(&upstream.domain_id(), "upstreams.hosted_domain", mistake)
        });
        all.found()
    }
}

impl ShownUpstream {
    fn redirect_id(&self) -> String {
        format!("redirect-{}", self.id)
    }

    fn domain_id(&self) -> String {
        format!("hosted-domain-{}", self.id)
    }
}

/// What a test found, or what kept a choice from being written down.
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
    /// Nothing can be chosen: another setting is wrong.
    Unusable {
        /// Which, as `[[upstream]]` calls it.
        setting: Shown,
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
            choices: Choices { trust_emails: true, hosted_domain: None },
            saved: false,
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
        let own = ShownUpstream {
            of_settings: false,
            choices: Choices { trust_emails: true, hosted_domain: Some(Input::holding("example.com")) },
            ..google.clone()
        };
        let not_a_domain = Input::refused("https://example.com", ChoiceMistake::NotADomain);
        let refused = ShownUpstream {
            choices: Choices { trust_emails: false, hosted_domain: Some(not_a_domain) },
            ..own.clone()
        };
        let wrong = Finding::Wrong {
            code: Shown::sentence("the provider refused: Configuration(ClientSecret)"),
            advice: Shown::sentence(
                "카카오디벨로퍼스 > 앱 > 플랫폼 키 > REST API 키 > 클라이언트 시크릿의 값을 적거나, 사용하지 않는다면 끄세요 (KOE010).",
            ),
        };
        let unusable = Finding::Unusable { setting: Shown::sentence("vars") };
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
            ("saved", of(vec![ShownUpstream { saved: true, ..own }])),
            ("refused", of(vec![refused])),
            ("right", of(vec![ShownUpstream { finding: Some(Finding::Right), ..kakao.clone() }])),
            ("wrong", of(vec![ShownUpstream { finding: Some(wrong), ..kakao.clone() }])),
            ("unusable", of(vec![ShownUpstream { finding: Some(unusable), ..kakao }])),
        ]
    }
}
