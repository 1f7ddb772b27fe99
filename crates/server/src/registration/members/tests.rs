//! Every member against values that are right and wrong.

use serde_json::json;

use super::*;

const LIVE: MemberRules = MemberRules { development: Development::No, public: false, fetches: false };
const DESK: MemberRules = MemberRules { development: Development::Yes, public: false, fetches: false };

type Judged = Result<BTreeMap<String, String>, Vec<MemberMistake>>;

fn judge(members: &Members, rules: MemberRules) -> Judged {
    judge_at(&["https://a.example/cb", "http://localhost:3000/cb"], members, rules)
}

/// Of an app with these redirect URIs.
fn judge_at(redirect_uris: &[&str], members: &Members, rules: MemberRules) -> Judged {
    let redirect_uris: Vec<_> = redirect_uris.iter().map(|uri| (*uri).to_owned()).collect();
    let mut mistakes = Vec::new();
    let kept = members.judge(rules, &redirect_uris, |mistake| mistakes.push(mistake));
    if mistakes.is_empty() { Ok(kept) } else { Err(mistakes) }
}

fn read(member: &str, value: Value, rules: MemberRules) -> Result<Metadata, MemberProblem> {
    let members = Members::default().with(member.to_owned(), Some(value));
    let kept = judge(&members, rules).map_err(|mistakes| mistakes[0].problem)?;
    restore(&kept)
}

#[test]
fn what_was_accepted_is_read_back_as_it_was() {
    let values = [
        ("policy_uri", json!("https://a.example/policy")),
        ("tos_uri", json!("https://a.example/terms")),
        ("default_max_age", json!(3600)),
        ("require_auth_time", json!(true)),
        ("default_acr_values", json!(["1", "0"])),
        ("userinfo_signed_response_alg", json!("ES256")),
        ("authorization_signed_response_alg", json!("PS256")),
        ("require_pushed_authorization_requests", json!(true)),
        ("dpop_bound_access_tokens", json!(true)),
        ("post_logout_redirect_uris", json!(["https://a.example/bye", "https://a.example/?x"])),
        ("backchannel_logout_uri", json!("https://a.example/logout?from=mapae")),
        ("backchannel_logout_session_required", json!(true)),
        ("frontchannel_logout_uri", json!("https://a.example/logout?x")),
        ("frontchannel_logout_session_required", json!(true)),
        ("client_name#ko", json!("나의 서비스")),
        ("client_name#en", json!("My service")),
        ("application_type", json!("native")),
        ("contacts", json!(["dev@a.example"])),
        ("software_id", json!("4NRB1-0XZABZI9E6-5SM3R")),
        ("software_version", json!("2.1")),
        ("initiate_login_uri", json!("https://a.example/login")),
        ("jwks_uri", json!("https://a.example/jwks")),
        ("logo_uri", json!("https://a.example/logo.png")),
        ("sector_identifier_uri", json!("https://a.example/sector")),
        ("token_endpoint_auth_signing_alg", json!("HS256")),
        ("request_object_signing_alg", json!("EdDSA")),
        ("require_signed_request_object", json!(true)),
        ("fapi_profile", json!("fapi2_message_signing")),
        ("request_uris", json!(["https://a.example/request", "https://a.example/request?x"])),
        // The last of them: an app has one of the two.
        ("jwks", json!({ "keys": [key()] })),
    ];
    assert!(
        MEMBERS.iter().all(|member| values.iter().any(|(name, _)| *name == member.name())),
        "each is tried here"
    );
    let named = |members: Members, (member, value): &(&str, Value)| {
        members.with((*member).to_owned(), Some(value.clone()))
    };
    let (_, values) = values.split_last().unwrap();
    let kept = judge(&values.iter().fold(Members::fetched(), named), LIVE).unwrap();
    for (member, value) in values {
        assert_eq!(&serde_json::from_str::<Value>(&kept[*member]).unwrap(), value);
    }
    let metadata = restore(&kept).unwrap();
    assert_eq!(metadata.default_max_age, Some(Seconds::hours(1)));
    assert_eq!(metadata.terms.unwrap().as_str(), "https://a.example/terms");
    assert_eq!(metadata.post_logout.len(), 2);
    assert!(metadata.back_channel_by_session && metadata.front_channel_by_session);
}

#[test]
fn what_is_named_is_judged_and_what_was_accepted_before_stays() {
    let kept = BTreeMap::from([("tos_uri".to_owned(), "\"http://localhost/terms\"".to_owned())]);
    let renamed = Members::keeping(&kept);
    assert_eq!(judge(&renamed, LIVE).unwrap(), kept, "accepted when the server was on a desk");
    assert!(restore(&kept).is_ok());
    let again = renamed.clone().with("tos_uri".to_owned(), Some(json!("http://localhost/terms")));
    let mistake = MemberMistake { position: 0, problem: MemberProblem::NotAddress };
    assert_eq!(judge(&again, LIVE).unwrap_err(), [mistake]);
    let back = renamed.with("tos_uri".to_owned(), None);
    assert_eq!(judge(&back, LIVE).unwrap(), BTreeMap::new());
    let damaged = BTreeMap::from([("tos_uri".to_owned(), "{".to_owned())]);
    assert_eq!(restore(&damaged), Err(MemberProblem::NotAddress));
}

#[test]
fn a_name_that_nobody_knows_is_refused_also_when_it_is_taken_back() {
    let members =
        Members::default().with("colour".to_owned(), Some(json!("red"))).with("shape".to_owned(), None);
    let unknown = |position| MemberMistake { position, problem: MemberProblem::Unknown };
    assert_eq!(judge(&members, LIVE).unwrap_err(), [unknown(0), unknown(1)]);
    assert_eq!((members.name(0), members.name(1), members.name(2)), ("colour", "shape", ""));
}

#[test]
fn az_12_an_address_is_one_that_is_safe_to_follow() {
    for member in ["policy_uri", "tos_uri", "backchannel_logout_uri", "frontchannel_logout_uri"] {
        for wrong in ["javascript:alert(1)", "http://a.example/", "a.example", "", " https://a.example/"] {
            assert_eq!(read(member, json!(wrong), LIVE), Err(MemberProblem::NotAddress), "{member} {wrong}");
        }
        assert_eq!(read(member, json!(["https://a.example/"]), LIVE), Err(MemberProblem::NotText));
        assert!(read(member, json!("http://localhost:3000/"), DESK).is_ok());
    }
}

/// OIDC RP-Initiated Logout §3.1.
#[test]
fn lo_02_people_leave_for_addresses_that_could_be_redirect_uris() {
    let read = |uris: Value, rules| read("post_logout_redirect_uris", uris, rules);
    let problem = Err(MemberProblem::NotRedirectUris(32));
    for wrong in [
        json!("https://a.example/"),
        json!(["https://a.example/", 1]),
        json!(["javascript:alert(1)"]),
        json!(["https://a.example/#x"]),
        json!(["https://*.a.example/"]),
        json!(["http://localhost/"]),
        json!(["com.example.app:/bye"]),
        json!(vec!["https://a.example/"; 33]),
    ] {
        assert_eq!(read(wrong.clone(), LIVE), problem, "{wrong}");
    }
    assert!(read(json!(["http://localhost/"]), DESK).is_ok());
    assert!(read(json!(["com.example.app:/bye"]), MemberRules { public: true, ..LIVE }).is_ok());
    assert_eq!(read(json!([]), LIVE).unwrap().post_logout, []);
}

#[test]
fn pa_10_jo_19_what_apps_sign_with_is_an_algorithm_of_ours() {
    for member in ["token_endpoint_auth_signing_alg", "request_object_signing_alg"] {
        for wrong in ["none", "HS384", "HS512", "RS1", "hs256", ""] {
            assert_eq!(read(member, json!(wrong), LIVE), Err(MemberProblem::NotClientAlgorithm), "{wrong}");
        }
        assert_eq!(read(member, json!(["ES256"]), LIVE), Err(MemberProblem::NotText));
    }
}

#[test]
fn pa_13_request_objects_stand_at_few_addresses_that_are_safe_to_ask() {
    let problem = Err(MemberProblem::NotAddresses(20));
    for wrong in [
        json!("https://a.example/"),
        json!(["http://a.example/"]),
        json!(["https://a.example/#a b"]),
        json!(["https://a.example/#a#b"]),
        json!(["file:///etc/passwd"]),
        json!([1]),
        json!(vec!["https://a.example/"; 21]),
    ] {
        assert_eq!(read("request_uris", wrong.clone(), LIVE), problem, "{wrong}");
    }
    // OIDC Core §6.2.
    assert!(read("request_uris", json!(["https://a.example/#sha256"]), LIVE).is_ok());
}

/// A public key.
fn key() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

#[test]
fn dc_09_keys_are_public_strong_few_and_in_one_place() {
    let read = |keys: Value| read("jwks", json!({ "keys": keys }), LIVE);
    let mut private = key();
    private["d"] = json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    let mut for_encryption = key();
    for_encryption["use"] = json!("enc");
    let modulus = |bytes: usize| format!("{}8", "v".repeat(bytes * 4 / 3));
    for wrong in [
        private,
        json!({ "kty": "oct", "k": "AAAA" }),
        json!({ "kty": "RSA", "e": "AQAB", "n": modulus(128) }),
        json!({ "kty": "RSA", "e": "Aw", "n": modulus(256) }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43) }),
        json!("key"),
    ] {
        assert_eq!(read(json!([key(), wrong])), Err(MemberProblem::NotPublicKey), "{wrong}");
    }
    for wrong in [json!([]), json!(vec![key(); 65]), json!(vec![key(); 1000]), json!({})] {
        assert_eq!(read(wrong), Err(MemberProblem::NotKeys(64)));
    }
    assert!(
        read(json!([key(), for_encryption, { "kty": "EC", "crv": "P-384", "x": "A", "y": "A" }])).is_ok()
    );
    let both = |members: Members| {
        let members = members.with("jwks_uri".to_owned(), Some(json!("https://a.example/jwks")));
        members.with("jwks".to_owned(), Some(json!({ "keys": [key()] })))
    };
    let twice = |position| MemberMistake { position, problem: MemberProblem::KeysTwice };
    assert_eq!(judge(&both(Members::default()), LIVE).unwrap_err(), [twice(0), twice(1)]);
    let kept = BTreeMap::from([("jwks_uri".to_owned(), "\"https://a.example/jwks\"".to_owned())]);
    let then = Members::keeping(&kept).with("jwks".to_owned(), Some(json!({ "keys": [key()] })));
    assert_eq!(judge(&then, LIVE).unwrap_err(), [twice(0)]);
    assert!(judge(&then.with("jwks_uri".to_owned(), None), LIVE).is_ok(), "one in place of the other");
}

#[test]
fn what_is_fetched_is_for_whoever_fetches() {
    for member in ["logo_uri", "sector_identifier_uri"] {
        let value = json!("https://a.example/x");
        assert_eq!(read(member, value.clone(), LIVE), Err(MemberProblem::NotFetchedHere));
        let fetched = Members::fetched().with(member.to_owned(), Some(value));
        assert!(judge(&fetched, LIVE).is_ok());
    }
}

#[test]
fn lo_08_only_an_own_page_is_framed() {
    let redirect_uris = ["https://a.example/cb", "https://b.example:8443/cb"];
    for (framed, foreign) in [
        ("https://a.example/logout", false),
        ("https://a.example:443/logout", false),
        ("https://b.example:8443/", false),
        ("https://b.example/", true),
        ("https://evil.example/", true),
        ("https://a.example.evil.example/", true),
    ] {
        let named =
            |members: Members| members.with("frontchannel_logout_uri".to_owned(), Some(json!(framed)));
        let mistakes = judge_at(&redirect_uris, &named(Members::default()), LIVE).err();
        let mistake = MemberMistake { position: 0, problem: MemberProblem::NotOwnOrigin };
        assert_eq!(mistakes, foreign.then(|| vec![mistake]), "{framed}");
    }
}

/// OIDC Back-Channel Logout §2.2, OIDC Core §4: our account page leads to where it begins a login.
#[test]
fn lo_07_an_app_that_registers_itself_is_told_at_its_own_host() {
    for (member, at, foreign) in [
        ("backchannel_logout_uri", "https://a.example:8443/logout", false),
        ("backchannel_logout_uri", "https://evil.example/", true),
        ("initiate_login_uri", "https://a.example/begin", false),
        ("initiate_login_uri", "https://evil.example/", true),
    ] {
        let named = |members: Members, at: &str| members.with(member.to_owned(), Some(json!(at)));
        let mistake = MemberMistake { position: 0, problem: MemberProblem::NotOwnHost };
        let own = judge(&named(Members::fetched(), at), LIVE).err();
        assert_eq!(own, foreign.then(|| vec![mistake]), "{at}");
        assert!(judge(&named(Members::default(), at), LIVE).is_ok(), "a sector of its own");
    }
}

/// OIDC Core §4.
#[test]
fn a_value_of_another_kind_is_refused() {
    for wrong in [json!("3600"), json!(-1), json!(1.5), json!(31_536_001_u64), json!(null)] {
        assert_eq!(read("default_max_age", wrong, LIVE), Err(MemberProblem::NotNumber(31_536_000)));
    }
    for (member, wrong, problem) in [
        ("contacts", json!("dev@a.example"), MemberProblem::NotEmails(8)),
        ("contacts", json!(["dev"]), MemberProblem::NotEmails(8)),
        ("contacts", json!(vec!["dev@a.example"; 9]), MemberProblem::NotEmails(8)),
        ("software_id", json!("a\nb"), MemberProblem::NotLine(255)),
        ("software_version", json!("x".repeat(256)), MemberProblem::NotLine(255)),
        ("software_version", json!(2), MemberProblem::NotText),
        ("application_type", json!("desktop"), MemberProblem::NotApplicationType),
        ("client_name#ko", json!("Goоgle"), MemberProblem::NotName),
        ("initiate_login_uri", json!("javascript:alert(1)"), MemberProblem::NotAddress),
        ("jwks_uri", json!("http://a.example/"), MemberProblem::NotAddress),
    ] {
        assert_eq!(read(member, wrong.clone(), LIVE), Err(problem), "{member} {wrong}");
    }
    for member in
        ["require_auth_time", "backchannel_logout_session_required", "frontchannel_logout_session_required"]
    {
        assert_eq!(read(member, json!("true"), LIVE), Err(MemberProblem::NotBoolean), "{member}");
    }
    assert_eq!(read("client_name", json!("x"), LIVE), Err(MemberProblem::Unknown));
}
