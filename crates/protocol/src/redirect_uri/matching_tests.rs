//! The hostile corpus and the reference rule — RFC 9700 §2.1, §4.1, RFC 8252 §7.3.

use proptest::prelude::*;

use super::{RedirectUri, corpus::CORPUS, match_registered, sole_registered, without_loopback_port};

fn uris(texts: &[&str]) -> Vec<RedirectUri> {
    texts.iter().map(|text| RedirectUri::parse(text).unwrap()).collect()
}

fn corpus_apps() -> Vec<RedirectUri> {
    uris(&["https://app.example.com/cb?x=1", "http://127.0.0.1/cb", "com.example.app:/cb"])
}

#[test]
fn az_02_to_az_15_of_the_hostile_corpus_only_three_are_accepted() {
    let registered = corpus_apps();
    let accepted = |native| {
        let corpus = CORPUS.iter().filter(|text| match_registered(text, &registered, native).is_some());
        corpus.copied().collect::<Vec<_>>()
    };
    assert_eq!(accepted(true), ["http://127.0.0.1:8080/cb"]);
    assert!(accepted(false).is_empty());
    for uri in &registered {
        let trusted = match_registered(uri.as_str(), &registered, false).unwrap();
        assert_eq!(trusted.uri(), uri);
    }
}

#[test]
fn az_13_only_the_port_of_literal_loopback_addresses_may_differ() {
    let registered = uris(&["http://127.0.0.1:3000/cb?a=1", "http://[::1]/cb", "http://localhost:3000/cb"]);
    for asked in ["http://127.0.0.1:51004/cb?a=1", "http://127.0.0.1/cb?a=1", "http://[::1]:65535/cb"] {
        let trusted = match_registered(asked, &registered, true).unwrap();
        assert_eq!(trusted.uri().as_str(), asked, "the URI that was asked for is the one that is used");
        assert!(match_registered(asked, &registered, false).is_none(), "{asked} for a web app");
        // What is trusted could also have been registered.
        assert_eq!(RedirectUri::parse(asked).as_ref(), Ok(trusted.uri()));
    }
    let path = format!("/{}", "x".repeat(super::MAX_BYTES - "http://[::1]/".len()));
    let longest = uris(&[&format!("http://[::1]{path}")]);
    assert!(match_registered(longest[0].as_str(), &longest, true).is_some());
    assert!(match_registered(&format!("http://[::1]:1{path}"), &longest, true).is_none());
    for asked in ["http://127.0.0.1:1/cb", "http://[::1]:1/cb?a=1", "http://localhost:3001/cb"] {
        assert!(match_registered(asked, &registered, true).is_none(), "{asked}");
    }
}

#[test]
fn az_14_a_host_that_goes_on_is_no_literal() {
    for text in
        ["http://127.0.0.1.evil.test/cb", "http://[::1].evil.test/cb", "http://127.0.0.1@evil.test/cb"]
    {
        assert_eq!(without_loopback_port(text), None, "{text}");
    }
    assert_eq!(without_loopback_port("http://[::1]:8080/cb"), Some(("http://[::1]", "/cb")));
}

/// RFC 6749 §3.1.2.3.
#[test]
fn rfc6749_3_1_2_3_a_request_may_name_none_only_if_one_is_registered() {
    let one = uris(&["https://app.example.com/cb"]);
    let trusted = sole_registered(&one).unwrap();
    assert_eq!((trusted.uri(), trusted.was_asked()), (&one[0], false));
    assert!(match_registered(one[0].as_str(), &one, false).unwrap().was_asked());
    assert!(sole_registered(&corpus_apps()).is_none());
    assert!(sole_registered(&[]).is_none());
}

/// The rule said a second time, in another way: remove the port from both and compare.
fn reference_rule(asked: &str, registered: &str, native: bool) -> bool {
    let portless = |text: &str| {
        ["http://127.0.0.1", "http://[::1]"].into_iter().find_map(|host| {
            let rest = text.strip_prefix(host)?;
            let digits =
                rest.strip_prefix(':').map(|rest| rest.chars().take_while(char::is_ascii_digit).count());
            let port = digits.map(|digits| &rest[1..=digits]);
            let rest = digits.map_or(rest, |digits| &rest[1 + digits..]);
            let good_port = port.is_none_or(|port| {
                port.parse::<u32>()
                    .is_ok_and(|number| (1..=65535).contains(&number) && number.to_string() == port)
            });
            let ends = rest.is_empty() || rest.starts_with('/') || rest.starts_with('?');
            (good_port && ends).then(|| format!("{host}{rest}"))
        })
    };
    asked == registered || native && portless(registered).is_some() && portless(asked) == portless(registered)
}

fn near_loopback() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        4 => Just("127.0.0.1"), 3 => Just("[::1]"), 1 => Just("localhost"), 1 => Just("127.0.0.1.evil.test"),
        1 => Just("127.0.0.2"), 1 => Just("a@127.0.0.1")
    ];
    let port = prop_oneof![
        Just(String::new()),
        Just(":".to_owned()),
        (0_u32..70_000).prop_map(|port| format!(":{port}")),
        "0?[0-9]{1,6}".prop_map(|port| format!(":{port}")),
        ":[0-9]{0,3}[@.:a][0-9]{0,3}",
    ];
    let rest = prop_oneof![
        Just(""),
        Just("/cb"),
        Just("?x=1"),
        Just("/cb?x=1"),
        Just("/cb/"),
        Just("#"),
        Just("\\")
    ];
    let scheme = prop_oneof![6 => Just("http"), 1 => Just("https"), 1 => Just("HTTP")];
    (scheme, host, port, rest).prop_map(|(scheme, host, port, rest)| format!("{scheme}://{host}{port}{rest}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn az_02_az_13_matching_equals_the_reference_rule(
        asked in near_loopback(), registered in near_loopback(), native: bool
    ) {
        if let Ok(registered) = RedirectUri::parse(&registered) {
            let matched = match_registered(&asked, [&registered], native);
            prop_assert_eq!(matched.is_some(), reference_rule(&asked, registered.as_str(), native));
            if let Some(trusted) = matched {
                prop_assert_eq!(trusted.uri().as_str(), asked.as_str());
                prop_assert!(RedirectUri::parse(&asked).is_ok(), "trusted but not registrable");
            }
        }
    }

    #[test]
    fn az_02_one_changed_byte_never_matches(at: prop::sample::Index, byte: u8) {
        let registered = corpus_apps();
        for uri in &registered {
            let mut bytes = uri.as_str().as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(text) = String::from_utf8(bytes) {
                let same = registered.iter().any(|uri| uri.as_str() == text);
                prop_assert_eq!(match_registered(&text, &registered, true).is_some(), same);
            }
        }
    }
}
