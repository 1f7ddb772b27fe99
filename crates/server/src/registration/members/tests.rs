//! Every member against values that are right and wrong.

use serde_json::json;

use super::*;

const LIVE: MemberRules = MemberRules { development: Development::No, public: false };
const DESK: MemberRules = MemberRules { development: Development::Yes, public: false };

fn judge(members: &Members, rules: MemberRules) -> Result<BTreeMap<String, String>, Vec<MemberMistake>> {
    let mut mistakes = Vec::new();
    let kept = members.judge(rules, |mistake| mistakes.push(mistake));
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
        ("post_logout_redirect_uris", json!(["https://a.example/bye", "https://a.example/?x"])),
    ];
    assert!(
        MEMBERS.iter().all(|member| values.iter().any(|(name, _)| *name == member.name())),
        "each is tried here"
    );
    let named = |members: Members, (member, value): &(&str, Value)| {
        members.with((*member).to_owned(), Some(value.clone()))
    };
    let kept = judge(&values.iter().fold(Members::default(), named), LIVE).unwrap();
    for (member, value) in &values {
        assert_eq!(&serde_json::from_str::<Value>(&kept[*member]).unwrap(), value);
    }
    let metadata = restore(&kept).unwrap();
    assert_eq!(metadata.default_max_age, Some(Seconds::hours(1)));
    assert_eq!(metadata.terms.unwrap().as_str(), "https://a.example/terms");
    assert_eq!(metadata.post_logout.len(), 2);
}

#[test]
fn what_is_named_is_judged_and_what_was_accepted_before_stays() {
    let kept = BTreeMap::from([("tos_uri".to_owned(), "\"http://localhost/terms\"".to_owned())]);
    let renamed = Members::of(&kept);
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
    for member in ["policy_uri", "tos_uri"] {
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
