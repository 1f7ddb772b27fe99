//! The forms of some apps, for the samples of the console's pages.

use super::{Field, ID_TOKEN_ALG, Kind, MemberForm, MemberMistake, NONE, OFF, Part, ShownField};
use crate::pages::{
    console::addresses::{AddressMistake, AddressMistakes, AddressProblem},
    input::Input,
};

/// Every form as an app has it that registered nothing of all this.
pub(in crate::pages::console) fn blank() -> Vec<MemberForm> {
    let shown = |field: &'static Field| {
        let value = match field.kind {
            Kind::Address | Kind::Lines | Kind::Seconds | Kind::Words => "",
            Kind::Switch => OFF,
            Kind::Algorithm(None) => "RS256",
            Kind::Algorithm(Some(_)) | Kind::ClientAlgorithm(_) => NONE,
        };
        ShownField { field, input: Input::holding(value), fixed: false }
    };
    Part::ALL.map(|part| MemberForm { part, fields: Field::of(part).map(shown).collect() }).into()
}

/// As [`blank`], with these values and mistakes.
pub(in crate::pages::console) fn filled(values: &[(&str, &str, Option<MemberMistake>)]) -> Vec<MemberForm> {
    let mut forms = blank();
    for shown in forms.iter_mut().flat_map(|form| &mut form.fields) {
        let typed = values.iter().find(|(name, ..)| *name == shown.field.name);
        if let Some((_, value, mistake)) = typed {
            shown.input = Input { value: (*value).to_owned(), mistake: mistake.clone() };
        }
    }
    forms
}

/// Of an app on a FAPI profile.
pub(in crate::pages::console) fn on_profile() -> Vec<MemberForm> {
    let mut forms = filled(&[(ID_TOKEN_ALG, "ES256", None)]);
    for shown in forms.iter_mut().flat_map(|form| &mut form.fields) {
        shown.fixed = shown.field.name == "require_pushed_authorization_requests";
    }
    forms
}

/// Forms in which everything is wrong that can be.
pub(in crate::pages::console) fn refused() -> Vec<MemberForm> {
    let wrong = |line, why| AddressMistakes(vec![AddressMistake { line, why, instead: None }]);
    let not_https = || Some(MemberMistake::Addresses(wrong(0, AddressProblem::NotHttps)));
    let uris = "https://a.example/bye\nhttps://a.example/*";
    filled(&[
        (
            "post_logout_redirect_uris",
            uris,
            Some(MemberMistake::Addresses(wrong(2, AddressProblem::Characters))),
        ),
        ("backchannel_logout_uri", "http://a.example/logout", not_https()),
        ("frontchannel_logout_uri", "https://b.example/logout", Some(MemberMistake::NotOwnOrigin)),
        ("default_max_age", "an hour", Some(MemberMistake::NotNumber(31_536_000))),
        ("default_acr_values", "gold", Some(MemberMistake::NotAcrValues("0, 1".to_owned()))),
        ("userinfo_signed_response_alg", "RS256", Some(MemberMistake::ProfileAlgorithm)),
        ("token_endpoint_auth_signing_alg", "HS256", Some(MemberMistake::ForeignAlgorithm)),
        ("initiate_login_uri", "https://b.example/", Some(MemberMistake::NotOwnHost)),
        ("contacts", "dev@example.com\nnobody", Some(MemberMistake::NotEmail(2))),
        ("request_uris", "https://a.example/1", Some(MemberMistake::TooMany(20))),
    ])
}
