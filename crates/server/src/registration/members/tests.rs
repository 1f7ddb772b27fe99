//! Every member against values that are right and wrong.

use serde_json::json;

use super::*;

const LIVE: MemberRules = MemberRules { development: Development::No, public: false };
const DESK: MemberRules = MemberRules { development: Development::Yes, public: false };

fn read(member: &str, value: Value, rules: MemberRules) -> Result<Metadata, MemberProblem> {
    let mut found = None;
    let (metadata, _) =
        parse(&BTreeMap::from([(member.to_owned(), value)]), rules, |mistake| found = Some(mistake.problem));
    found.map_or(Ok(metadata), Err)
}

#[test]
fn what_was_accepted_is_read_back_as_it_was() {
    let members = BTreeMap::from([
        ("policy_uri".to_owned(), json!("https://a.example/policy")),
        ("tos_uri".to_owned(), json!("https://a.example/terms")),
        ("initiate_login_uri".to_owned(), json!("https://a.example/login")),
        ("default_max_age".to_owned(), json!(3600)),
        ("require_auth_time".to_owned(), json!(true)),
        ("post_logout_redirect_uris".to_owned(), json!(["https://a.example/bye", "https://a.example/?x"])),
    ]);
    assert!(MEMBERS.iter().all(|member| members.contains_key(member.name())), "each member is tried here");
    let (metadata, kept) = parse(&members, LIVE, |mistake| panic!("{mistake:?}"));
    assert_eq!(typed(&kept), members);
    assert_eq!(restore(&kept), Ok(metadata.clone()));
    assert_eq!(metadata.default_max_age, Some(Seconds::hours(1)));
    assert!(metadata.require_auth_time);
}

#[test]
fn az_12_an_address_is_one_that_is_safe_to_follow() {
    for member in ["policy_uri", "tos_uri", "initiate_login_uri"] {
        for wrong in ["javascript:alert(1)", "http://a.example/", "a.example", "", " https://a.example/"] {
            assert_eq!(read(member, json!(wrong), LIVE), Err(MemberProblem::NotAddress), "{member} {wrong}");
        }
        assert_eq!(read(member, json!(["https://a.example/"]), LIVE), Err(MemberProblem::NotText));
        assert!(read(member, json!("http://localhost:3000/"), DESK).is_ok());
    }
}

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
fn a_value_of_another_kind_is_refused() {
    for wrong in [json!("3600"), json!(-1), json!(1.5), json!(31_536_001_u64), json!(null)] {
        assert_eq!(read("default_max_age", wrong, LIVE), Err(MemberProblem::NotNumber(31_536_000)));
    }
    assert_eq!(read("require_auth_time", json!("true"), LIVE), Err(MemberProblem::NotBoolean));
    assert_eq!(read("client_name", json!("x"), LIVE), Err(MemberProblem::Unknown));
}

#[test]
fn whoever_developed_here_keeps_what_they_registered() {
    let kept = BTreeMap::from([("tos_uri".to_owned(), "\"http://localhost/terms\"".to_owned())]);
    assert!(restore(&kept).is_ok());
    let damaged = BTreeMap::from([("tos_uri".to_owned(), "{".to_owned())]);
    assert_eq!(restore(&damaged), Err(MemberProblem::NotAddress));
}
