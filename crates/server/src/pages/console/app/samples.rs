//! The page of an app in each of its states, for the tests that look at every page.

use mapae_protocol::fapi::Profile;

use super::*;

pub(super) fn secret(id: &str, minutes: i64, until: Option<Moment>) -> LiveSecret {
    LiveSecret { id: id.to_owned(), since: example::minutes_ago(minutes), until }
}

pub(super) fn usual_security() -> Security {
    Security {
        public: false,
        auth_method: None,
        methods: security::sample_methods(),
        keeps_secret: true,
        jwks: Input::default(),
        jwks_uri: Input::default(),
        pkce_required: true,
        rotate_refresh: true,
        signs_requests: false,
        binds_tokens: false,
        profile: None,
        signs_people_in: true,
        mistake: None,
    }
}

fn on_profile() -> Security {
    Security {
        auth_method: Some("private_key_jwt".to_owned()),
        keeps_secret: false,
        jwks_uri: Input::holding("https://bank.example.com/keys.json"),
        rotate_refresh: false,
        signs_requests: true,
        binds_tokens: true,
        profile: Some(Profile::MessageSigning),
        ..usual_security()
    }
}

pub(super) fn usual() -> AppPage {
    AppPage {
        desk: example::desk(),
        app: example::console_app(),
        name: Input::holding("나의 서비스"),
        homepage: Input::holding("https://calendar.example.com"),
        public: false,
        icon_problem: None,
        redirect_uris: Input::holding(
            "http://localhost:3000/callback\nhttps://calendar.example.com/callback",
        ),
        origins: Input::default(),
        secrets: vec![secret("sec_1", 8_000, None)],
        security: usual_security(),
        grants: grants::usual(),
        forms: members::samples::blank(),
        items: items::samples(),
        items_mistake: None,
        quick_start: QuickStart {
            issuer: "http://localhost:9000".to_owned(),
            client_id: example::APP_ID.to_owned(),
            public: false,
            signs: false,
            device: false,
            redirect_uri: example::REDIRECT.to_owned(),
            scope: "openid profile email".to_owned(),
        },
        notice: None,
    }
}

pub(super) fn machine(usual: &AppPage) -> AppPage {
    AppPage {
        app: ConsoleApp { machine: true, ..example::console_app() },
        redirect_uris: Input::default(),
        security: Security { signs_people_in: false, ..usual_security() },
        grants: grants::machine(),
        forms: Vec::new(),
        items: items::samples().split_off(4),
        items_mistake: Some(ItemsMistake::Missing),
        ..usual.clone()
    }
}

pub(super) fn television(public: &AppPage) -> AppPage {
    AppPage {
        redirect_uris: Input::default(),
        grants: grants::television(),
        quick_start: QuickStart { device: true, redirect_uri: String::new(), ..public.quick_start.clone() },
        ..public.clone()
    }
}

pub(super) fn detailed(usual: &AppPage) -> AppPage {
    AppPage {
        forms: members::samples::filled(&[
            ("post_logout_redirect_uris", "https://calendar.example.com/bye", None),
            ("backchannel_logout_uri", "https://calendar.example.com/logout", None),
            ("backchannel_logout_session_required", members::ON, None),
            ("id_token_signed_response_alg", "ES256", None),
            ("default_max_age", "3600", None),
            ("policy_uri", "https://calendar.example.com/privacy", None),
        ]),
        notice: Some(AppNotice::Saved),
        ..usual.clone()
    }
}

pub(super) fn bank(usual: &AppPage) -> AppPage {
    AppPage {
        secrets: Vec::new(),
        security: on_profile(),
        forms: members::samples::on_profile(),
        redirect_uris: Input::holding("https://bank.example.com/callback"),
        quick_start: QuickStart { public: true, signs: true, ..usual.quick_start.clone() },
        notice: Some(AppNotice::Saved),
        ..usual.clone()
    }
}

pub(super) fn refused(usual: AppPage) -> AppPage {
    let wrong = |why| AddressMistakes(vec![AddressMistake { line: 1, why, instead: None }]);
    let mut items = usual.items.clone();
    if let Some(email) = items.get_mut(2) {
        email.purpose_ko = Input::refused("", PurposeMistake::Missing);
        email.purpose_en = Input::refused("too long ".repeat(20), PurposeMistake::TooLong(120));
    }
    AppPage {
        name: Input::refused("", NameMistake::Missing),
        homepage: Input::refused("calendar", AddressMistake::whole(AddressProblem::NotAbsolute)),
        icon_problem: Some(IconProblem::TooLarge(256)),
        redirect_uris: Input::refused("https://a.example/*", wrong(AddressProblem::Characters)),
        origins: Input::refused("https://a.example/path", wrong(AddressProblem::NotAnOrigin)),
        items,
        items_mistake: Some(ItemsMistake::TooMany(64)),
        grants: grants::refused(),
        forms: members::samples::refused(),
        security: Security {
            jwks: Input::refused("{\"keys\": [", SecurityMistake::NotJson),
            jwks_uri: Input::refused("http://bank.example.com/keys", SecurityMistake::NotHttps),
            mistake: Some(SecurityMistake::ProfileRedirectUri(1)),
            ..on_profile()
        },
        ..usual
    }
}
