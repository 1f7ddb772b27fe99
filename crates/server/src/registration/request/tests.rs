//! What apps say of themselves, right and wrong — RFC 7591 §2.

use mapae_protocol::token::grant_type::REFRESH_TOKEN;
use serde_json::json;

use super::*;
use crate::{
    config::Development,
    registration::{MemberMistake, MemberProblem, Registrable, Surroundings},
};

fn parse(said: &Value) -> Result<Request, Refused> {
    let scopes = KnownScopes::standard_and(["calendar.read"]);
    let offer = Offer { scopes: &scopes };
    Request::parse(said.as_object().unwrap(), offer)
}

fn judge(said: &Value) -> Result<Registrable, Refused> {
    let request = parse(said)?;
    let scopes = KnownScopes::standard_and(["calendar.read"]);
    let judged = request.draft.judge(Surroundings { scopes: &scopes, development: Development::No });
    judged.map_err(|mistakes| request.refused(&mistakes).unwrap())
}

fn with(name: &str, value: Value) -> Value {
    let mut said = json!({ "redirect_uris": ["https://a.example/cb"] });
    said[name] = value;
    said
}

#[test]
fn rfc7591_2_who_says_nothing_gets_what_the_standard_says() {
    let said = with("client_name", Value::Null);
    let request = parse(&said).unwrap();
    assert_eq!(request.draft.name, "a.example");
    assert_eq!(request.auth_method, "client_secret_basic");
    assert_eq!(request.draft.grants.to_string(), AUTHORIZATION_CODE);
    assert_eq!((request.id_token_alg, request.subject_type), (Algorithm::Rs256, SubjectType::Pairwise));
    let scopes: Vec<&str> = request.draft.items.iter().map(|item| item.scope.as_str()).collect();
    assert_eq!(scopes, ["openid", "profile", "email", "phone", "address", "calendar.read"], "no refresh");
    assert!(judge(&said).is_ok());
}

#[test]
fn dc_06_only_what_is_on_the_list_has_an_effect() {
    let plain = judge(&with("client_name", json!("A"))).unwrap();
    for (privileged, value) in [
        ("owner_id", json!("usr_1")),
        ("verified", json!(true)),
        ("pkce_required", json!(false)),
        ("require_pkce", json!(false)),
        ("first_party", json!(true)),
        ("client_id", json!("app_mine")),
        ("client_secret", json!("mine")),
        ("registration_access_token", json!("mine")),
        ("origins", json!(["https://evil.example"])),
        ("icon", json!("/icons/x")),
    ] {
        let mut said = with("client_name", json!("A"));
        said[privileged] = value;
        assert_eq!(judge(&said).unwrap(), plain, "{privileged}");
    }
    let grants = |names: Value| parse(&with("grant_types", names)).map(|it| it.draft.grants.to_string());
    assert_eq!(grants(json!(["authorization_code", "client_credentials"])).unwrap(), "authorization_code");
    assert_eq!(grants(json!(["implicit", "authorization_code"])).unwrap(), "authorization_code");
    assert_eq!(grants(json!(["client_credentials"])), Err(Refused::GrantTypes));
    assert_eq!(grants(json!(["password"])), Err(Refused::GrantTypes));
    let scopes = |text: &str| {
        let items = parse(&with("scope", json!(text))).unwrap().draft.items;
        items.into_iter().map(|item| item.scope).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(scopes("email admin calendar.write calendar.read offline_access"), "email calendar.read");
}

#[test]
fn dc_02_redirect_uris_that_no_app_may_register() {
    for wrong in [
        json!([]),
        json!(null),
        json!(["javascript:alert(1)"]),
        json!(["https://*.a.example/cb"]),
        json!(["/cb"]),
        json!(["http://a.example/cb"]),
        json!(["https://a.example/cb#x"]),
        json!(["https://a.example/cb", "data:text/html,x"]),
        json!([format!("https://a.example/{}", "x".repeat(2048))]),
        json!((0..2000).map(|n| format!("https://a.example/{n}")).collect::<Vec<_>>()),
    ] {
        let refused = judge(&json!({ "redirect_uris": wrong })).unwrap_err();
        assert!(matches!(refused, Refused::Mistake(Mistake::RedirectUris(_), "")), "{wrong}: {refused:?}");
    }
    for wrong in [json!("https://a.example/cb"), json!([1]), json!({})] {
        assert_eq!(judge(&json!({ "redirect_uris": wrong })), Err(Refused::Kind("redirect_uris")));
    }
}

#[test]
fn dc_03_every_other_address_is_judged_too() {
    for name in
        ["logo_uri", "policy_uri", "tos_uri", "jwks_uri", "initiate_login_uri", "sector_identifier_uri"]
    {
        for wrong in [json!("javascript:alert(1)"), json!("http://a.example/"), json!("//a.example/")] {
            let refused = judge(&with(name, wrong)).unwrap_err();
            let mistake = MemberMistake { position: 0, problem: MemberProblem::NotAddress };
            assert_eq!(refused, Refused::Mistake(Mistake::Member(mistake), name));
        }
    }
    let refused = judge(&with("client_uri", json!("javascript:alert(1)"))).unwrap_err();
    assert!(matches!(refused, Refused::Mistake(Mistake::Homepage(_), _)));
}

#[test]
fn what_the_server_does_not_have_is_refused() {
    for (name, value, refused) in [
        ("token_endpoint_auth_method", json!("private_key_jwtx"), Refused::AuthMethod),
        ("token_endpoint_auth_method", json!(1), Refused::Kind("token_endpoint_auth_method")),
        ("response_types", json!(["id_token"]), Refused::ResponseTypes),
        ("response_types", json!([]), Refused::ResponseTypes),
        ("id_token_signed_response_alg", json!("none"), Refused::Algorithm),
        ("id_token_signed_response_alg", json!("HS256"), Refused::Algorithm),
        ("subject_type", json!("private"), Refused::SubjectType),
        ("software_statement", json!("e30.e30."), Refused::SoftwareStatement),
    ] {
        assert_eq!(parse(&with(name, value.clone())).unwrap_err(), refused, "{name} {value}");
    }
    assert!(parse(&with("response_types", json!(["code", "code id_token"]))).is_ok());
}

/// RFC 7591 §2.2.
#[test]
fn rfc7591_2_2_names_in_languages() {
    let said = json!({
        "redirect_uris": ["https://a.example/cb"],
        "client_name#ko-KR": "나의 서비스",
        "client_name#KO": "우리 서비스",
        "client_name#fr": "Mon service",
        "client_name#en-GB": "My service",
    });
    let request = parse(&said).unwrap();
    let (_, lists) = judge(&said).unwrap().new_app("RS256");
    assert_eq!(lists.metadata["client_name#ko"], "\"우리 서비스\"");
    assert_eq!(lists.metadata["client_name#en"], "\"My service\"");
    assert_eq!(lists.metadata.len(), 2, "no page speaks French");
    assert_eq!(request.draft.name, "우리 서비스");
    let look_alike = judge(&with("client_name#en", json!("Goоgle"))).unwrap_err();
    assert!(matches!(look_alike, Refused::Mistake(Mistake::Name(_), _)), "{look_alike:?}");
}

#[test]
fn pages_of_a_public_app_may_read_their_tokens() {
    let said = json!({
        "redirect_uris": ["https://a.example:443/cb", "http://127.0.0.1/cb", "com.example.app:/cb"],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", REFRESH_TOKEN],
    });
    let request = parse(&said).unwrap();
    assert!(request.draft.origins.contains(&"https://a.example".to_owned()), "as browsers write it");
    assert!(request.draft.items.iter().any(|item| item.scope == "offline_access"));
    assert!(judge(&said).is_ok());
}
