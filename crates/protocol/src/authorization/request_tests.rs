//! Hostile authorization requests — RFC 6749 §4.1.1, OIDC Core §3.1.2.1, RFC 7636 §4.3, RFC 8707 §2.

use proptest::prelude::*;

use super::request::limits;
use super::{AuthorizationRequest, Error, Prompt, ResponseType, ReturnPath};
use crate::claims_request::ClaimsRequest;
use crate::error::{Endpoint, ErrorCode, OAuthError};
use crate::language_tag::LanguageTag;
use crate::locale::Locale;
use crate::params::{self, Limits, Params};
use crate::time::Seconds;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn params(query: &str) -> Params {
    Params::parse(query.as_bytes(), Limits::REQUEST).unwrap()
}

fn parse(query: &str) -> Result<AuthorizationRequest, Error> {
    AuthorizationRequest::parse(&params(query))
}

/// A valid request and this parameter.
fn with(more: &str) -> Result<AuthorizationRequest, Error> {
    parse(&format!("response_type=code&{more}"))
}

fn code_of(error: Error) -> ErrorCode {
    OAuthError::from(error).code
}

/// A request travels sealed through the person's browser: once as JSON, once in a format without names, which
/// cannot leave a field out.
fn sealed_and_opened(request: &AuthorizationRequest) -> AuthorizationRequest {
    let json = serde_json::to_vec(request).unwrap();
    let compact =
        postcard::to_allocvec(&serde_json::from_slice::<AuthorizationRequest>(&json).unwrap()).unwrap();
    postcard::from_bytes(&compact).unwrap()
}

#[test]
fn everything_that_can_be_asked_for_is_read() {
    let request = parse(&format!(
        "response_type=code&response_mode=form_post&scope=profile+openid&state=%ED%95%9C+s&nonce=n&\
         code_challenge={CHALLENGE}&code_challenge_method=S256&prompt=login+consent&max_age=3600&\
         login_hint=a%40b.kr&ui_locales=fr+ko-KR&acr_values=urn:a+urn:b&id_token_hint=a.b.c&display=popup&\
         claims=%7B%22userinfo%22:%7B%22email%22:null%7D%7D&\
         resource=https://api.example.com/&client_id=app&redirect_uri=https://a.test/"
    ))
    .unwrap();
    assert_eq!(request.response_type, ResponseType::Code);
    assert_eq!(request.response_mode.name(), "form_post");
    assert_eq!(request.scopes.to_string(), "openid profile");
    assert!(request.is_openid());
    assert_eq!(request.state.as_deref(), Some("한 s"));
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!(request.code_challenge.unwrap().to_string(), CHALLENGE);
    assert!(request.prompts.contains(Prompt::Login) && request.prompts.contains(Prompt::Consent));
    assert_eq!(request.max_age, Some(Seconds::hours(1)));
    assert_eq!(request.login_hint.as_deref(), Some("a@b.kr"));
    assert_eq!(request.locale, Some(Locale::Ko));
    assert_eq!(request.acr_values, ["urn:a", "urn:b"]);
    assert_eq!(request.id_token_hint.as_deref(), Some("a.b.c"));
    assert_eq!(request.claims.names().collect::<Vec<_>>(), ["email"]);
    assert_eq!(request.resource.as_ref().unwrap().as_str(), "https://api.example.com/");
    assert_eq!(request.return_path(), ReturnPath::of(&params("response_mode=form_post&state=%ED%95%9C+s")));

    let kept = AuthorizationRequest {
        acr_values: Vec::new(),
        id_token_hint: None,
        claims: ClaimsRequest::default(),
        ..request.clone()
    };
    assert_eq!(sealed_and_opened(&request), kept, "what is read once does not travel");
}

#[test]
fn az_35_unknown_parameters_are_ignored() {
    let plain = with("scope=openid").unwrap();
    assert_eq!(with("scope=openid&foo=1&foo=2&claims_locale=ko&Request=x").unwrap(), plain);
}

#[test]
fn oidc_core_5_5_claims_are_asked_for_in_one_json_object_and_only_of_openid_connect() {
    let asked = |scope: &str, claims: &str| with(&format!("scope={scope}&claims={claims}"));
    let email = "%7B%22id_token%22:%7B%22email%22:null%7D%7D";
    assert!(asked("openid", email).unwrap().claims.id_token.of("email").is_some());
    assert!(asked("calendar.read", email).unwrap().claims.is_empty());
    assert!(asked("calendar.read", "garbage").unwrap().claims.is_empty());
    assert!(asked("openid", "%7B%7D").unwrap().claims.is_empty());
    let locales =
        |scope: &str| with(&format!("scope={scope}&claims_locales=ko-kr+x+en")).unwrap().claims.locales;
    assert_eq!(locales("openid").iter().map(LanguageTag::as_str).collect::<Vec<_>>(), ["ko-KR", "en"]);
    assert!(locales("calendar.read").is_empty());
    for hostile in ["garbage", "%5B%5D", "%7B%22userinfo%22:1%7D", "%7B%22a%22:1,%22a%22:1%7D"] {
        assert_eq!(asked("openid", hostile), Err(Error::ClaimsMalformed), "{hostile}");
    }
    assert_eq!(code_of(Error::ClaimsMalformed), ErrorCode::InvalidRequest);
}

#[test]
fn az_17_every_known_parameter_may_be_sent_once() {
    for name in [
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "login_hint",
        "ui_locales",
        "acr_values",
        "id_token_hint",
        "display",
        "claims",
        "claims_locales",
        "request",
        "request_uri",
        "registration",
    ] {
        let error = parse(&format!("{name}=&response_type=code&{name}=")).unwrap_err();
        assert_eq!(error, Error::Repeated, "{name}");
    }
    assert_eq!(code_of(Error::Repeated), ErrorCode::InvalidRequest);
}

/// RFC 6749 §3.1.1.
#[test]
fn az_18_only_the_response_type_code() {
    for other in [
        "token",
        "id_token",
        "id_token+token",
        "code+token",
        "code++token",
        "code+id_token",
        "token+code",
        "none",
        "CODE",
        "code+",
        "+code",
        "code,token",
        "x",
    ] {
        assert_eq!(parse(&format!("response_type={other}")), Err(Error::ResponseTypeUnsupported), "{other}");
    }
    assert_eq!(code_of(Error::ResponseTypeUnsupported), ErrorCode::UnsupportedResponseType);
    for missing in ["", "response_type=", "response_type"] {
        assert_eq!(parse(missing), Err(Error::ResponseTypeMissing), "{missing}");
    }
    assert_eq!(code_of(Error::ResponseTypeMissing), ErrorCode::InvalidRequest);
}

#[test]
fn az_19_an_unknown_mode_is_refused_by_the_default_mode() {
    for mode in ["carrier_pigeon", "fragment.jwt.jwt", "JWT", "x"] {
        let query = format!("response_type=code&response_mode={mode}&state=s");
        assert_eq!(parse(&query), Err(Error::ResponseModeUnsupported), "{mode}");
        let back = ReturnPath::of(&params(&query));
        assert_eq!((back.mode.name(), back.state.as_deref()), ("query", Some("s")));
    }
    assert_eq!(code_of(Error::ResponseModeUnsupported), ErrorCode::InvalidRequest);
    assert_eq!(with("").unwrap().response_mode.name(), "query");
}

#[test]
fn az_22_long_values_are_accepted_to_their_cap() {
    for (name, cap, error) in [
        ("state", limits::STATE, Error::StateTooLong),
        ("nonce", limits::NONCE, Error::NonceTooLong),
        ("login_hint", limits::LOGIN_HINT, Error::LoginHintTooLong),
        ("acr_values", limits::ACR_VALUES, Error::AcrValuesTooLong),
        ("id_token_hint", limits::ID_TOKEN_HINT, Error::IdTokenHintTooLong),
        ("scope", 0, Error::ScopeMalformed),
    ] {
        if cap > 0 {
            assert!(with(&format!("{name}={}", "x".repeat(cap))).is_ok(), "{name}");
            assert_eq!(with(&format!("{name}={}", "x".repeat(cap + 1))), Err(error), "{name}");
        }
        assert_eq!(with(&format!("{name}={}", "x".repeat(60_000))), Err(error), "{name}");
    }
    const { assert!(limits::STATE >= 2048 && limits::NONCE >= 512, "FAPI 2.0 tests send as much") };
    // What cannot be echoed is left out of the answer.
    let long = format!("state={}", "x".repeat(limits::STATE + 1));
    assert_eq!(ReturnPath::of(&params(&long)).state, None);
    assert_eq!(ReturnPath::of(&params("state=a&state=b")).state, None);
}

#[test]
fn az_24_only_s256() {
    for (query, error) in [
        (format!("code_challenge={CHALLENGE}"), Error::CodeChallengeMethodMissing),
        (format!("code_challenge={CHALLENGE}&code_challenge_method="), Error::CodeChallengeMethodMissing),
        (
            format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
            Error::CodeChallengeMethodUnsupported,
        ),
        (
            format!("code_challenge={CHALLENGE}&code_challenge_method=s256"),
            Error::CodeChallengeMethodUnsupported,
        ),
        (
            format!("code_challenge={CHALLENGE}&code_challenge_method=S512"),
            Error::CodeChallengeMethodUnsupported,
        ),
        ("code_challenge_method=S256".to_owned(), Error::CodeChallengeMissing),
    ] {
        assert_eq!(with(&query), Err(error), "{query}");
        assert_eq!(code_of(error), ErrorCode::InvalidRequest);
    }
}

#[test]
fn az_25_a_malformed_challenge_is_refused() {
    for challenge in [
        "x",
        &CHALLENGE[1..],
        &format!("{CHALLENGE}x"),
        &format!("{CHALLENGE}%3D"),
        &CHALLENGE.replace('-', "%2B"),
        &CHALLENGE.replace('-', "/"),
        &CHALLENGE.replace('-', "."),
    ] {
        let refused = with(&format!("code_challenge_method=S256&code_challenge={challenge}"));
        assert_eq!(refused, Err(Error::CodeChallengeMalformed), "{challenge}");
    }
    assert_eq!(code_of(Error::CodeChallengeMalformed), ErrorCode::InvalidRequest);
}

#[test]
fn az_27_one_resource_without_fragment() {
    for (query, error) in [
        ("resource=https://a.test&resource=https://b.test", Error::SeveralResources),
        ("resource=https://a.test&resource=https://a.test", Error::SeveralResources),
        ("resource=https://a.test%23x", Error::ResourceMalformed),
        ("resource=calendar", Error::ResourceMalformed),
    ] {
        assert_eq!(with(query), Err(error), "{query}");
        assert_eq!(code_of(error), ErrorCode::InvalidTarget);
    }
    assert_eq!(with("resource=").unwrap().resource, None);
}

#[test]
fn az_28_prompt_none_stands_alone() {
    assert_eq!(with("prompt=none+login"), Err(Error::PromptNoneWithOthers));
    assert_eq!(code_of(Error::PromptNoneWithOthers), ErrorCode::InvalidRequest);
    assert_eq!(with("prompt=sign_up"), Err(Error::PromptUnknown));
}

#[test]
fn az_30_max_age_is_a_bounded_whole_number() {
    for (text, seconds) in [("0", 0), ("1", 1), ("007", 7), ("999999999", 999_999_999)] {
        assert_eq!(with(&format!("max_age={text}")).unwrap().max_age, Some(Seconds::seconds(seconds)));
    }
    let huge = "1".to_owned() + &"0".repeat(30);
    for text in
        ["-1", "-0", "+1", "%2B1", "1.0", "1e3", "0x10", "1_000", "+", "NaN", "1000000000", "٣", &huge]
    {
        assert_eq!(with(&format!("max_age={text}")), Err(Error::MaxAgeMalformed), "{text}");
    }
    assert_eq!(code_of(Error::MaxAgeMalformed), ErrorCode::InvalidRequest);
}

#[test]
fn az_34_wishes_for_the_pages_are_one_of_a_list_or_nothing() {
    let request = with("display=../../etc/passwd&ui_locales=%3Cscript%3E+..%2Fko").unwrap();
    assert_eq!(request.locale, None);
}

/// OIDC Core §7.2.1.
#[test]
fn oidc_core_3_1_2_6_what_is_not_supported_has_its_own_code() {
    for (name, code) in [
        ("request", ErrorCode::RequestNotSupported),
        ("request_uri", ErrorCode::RequestUriNotSupported),
        ("registration", ErrorCode::RegistrationNotSupported),
    ] {
        // Even where everything else is missing: it might be inside the object.
        assert_eq!(code_of(parse(&format!("{name}=x")).unwrap_err()), code);
        assert!(with(&format!("{name}=")).is_ok());
    }
}

#[test]
fn every_error_may_be_sent_to_an_app() {
    for &error in Error::ALL {
        assert!(code_of(error).is_allowed_at(Endpoint::Authorization), "{error:?}");
    }
}

#[test]
fn debug_shows_nothing_of_the_person() {
    let request = with("state=SSS&nonce=NNN&login_hint=HHH&id_token_hint=TTT").unwrap();
    let shown = format!("{request:?}{:?}", request.return_path());
    assert!(["SSS", "NNN", "HHH", "TTT"].iter().all(|secret| !shown.contains(secret)), "{shown}");
}

proptest! {
    #[test]
    fn az_21_state_is_echoed_byte_for_byte(state in "[^\\x00]{1,400}") {
        let query = params::encode([("response_type", "code"), ("state", &state)]);
        prop_assert_eq!(parse(&query).unwrap().state, Some(state.clone()));
        prop_assert_eq!(ReturnPath::of(&params(&query)).state, Some(state));
    }

    #[test]
    fn no_request_panics(
        pairs in proptest::collection::vec((
            proptest::sample::select(&[
                "response_type", "response_mode", "scope", "state", "code_challenge", "code_challenge_method",
                "prompt", "max_age", "ui_locales", "acr_values", "display", "resource", "request",
            ][..]),
            "(code|query|openid|S256|none|login|1|.){0,3}",
        ), 0..8)
    ) {
        let list: Params = pairs.into_iter().collect();
        let back = ReturnPath::of(&list);
        if let Ok(request) = AuthorizationRequest::parse(&list) {
            prop_assert_eq!(request.return_path(), back);
            // What is only of use at the first page goes no further.
            let kept =
                AuthorizationRequest { acr_values: Vec::new(), id_token_hint: None, ..request.clone() };
            prop_assert_eq!(sealed_and_opened(&request), kept);
        }
    }
}
