//! That the page about the form of a definition says what the code does.

use serde::de::DeserializeOwned;

use super::{
    Definition,
    colour::Colours,
    schema::{
        Authorization, BirthDateMap, Button, EmailMap, Endpoints, ErrorRule, Field, HostedDomain, IdToken,
        IdentityMap, ItemList, NoticeRule, Says, Schema, Stands, Text, Token, Unlink, UserInfo,
    },
};

const PAGE: &str = include_str!("../../providers/README.md");

/// Between each two backticks, after the word that stands before the list.
fn quoted<'a>(text: &'a str, after: &str) -> Vec<&'a str> {
    let list = text.split_once(after).map_or("", |(_, list)| list);
    list.split('`').skip(1).step_by(2).collect()
}

/// The names that could have stood in the place of a wrong one.
fn expected<T: DeserializeOwned>(text: &str) -> Vec<String> {
    let error = toml::from_str::<T>(text).err().unwrap().message().to_owned();
    let names: Vec<String> = quoted(&error, "expected").into_iter().map(str::to_owned).collect();
    assert!(!names.is_empty(), "{text}: {error}");
    names
}

#[test]
fn the_example_on_the_page_is_a_definition() {
    let example = PAGE.split("```").nth(1).and_then(|block| block.strip_prefix("toml\n")).unwrap();
    let definition = Definition::parse(example).unwrap();
    assert_eq!(definition.issuer().unwrap(), "https://login.example.com");
    assert_eq!(definition.with("tenant", "eu").issuer().unwrap(), "https://eu.example.com");
}

#[test]
fn every_name_and_every_word_of_the_form_is_on_the_page() {
    let names = [
        expected::<Schema>("x = 1"),
        expected::<Text>("x = 1"),
        expected::<Endpoints>("x = 1"),
        expected::<Authorization>("x = 1"),
        expected::<HostedDomain>("x = 1"),
        expected::<Token>("x = 1"),
        expected::<IdToken>("x = 1"),
        expected::<UserInfo>("x = 1"),
        expected::<Stands>("x = 1"),
        expected::<IdentityMap>("x = 1"),
        expected::<Field>("x = 1"),
        expected::<ItemList>("x = 1"),
        expected::<BirthDateMap>("x = 1"),
        expected::<EmailMap>("x = 1"),
        expected::<ErrorRule>("x = 1"),
        expected::<Says>("x = 1"),
        expected::<Unlink>("x = 1"),
        expected::<NoticeRule>("x = 1"),
        expected::<Button>("x = 1"),
        expected::<Colours>("x = 1"),
        expected::<Schema>("openid = 'x'"),
        expected::<Authorization>("nonce = 'x'"),
        expected::<Authorization>("response_mode = 'x'"),
        expected::<Authorization>("intents = { x = {} }"),
        expected::<Token>("authentication = 'x'"),
        expected::<Token>("secret = 'x'"),
        expected::<Token>("refresh = 'x'"),
        expected::<UserInfo>("ask = 'x'"),
        expected::<Field>("form = 'x'"),
        expected::<ErrorRule>("place = 'x'"),
        expected::<ErrorRule>("class = 'x'"),
        expected::<Unlink>("way = 'x'"),
        expected::<NoticeRule>("proof = 'x'"),
        expected::<NoticeRule>("kind = 'x'"),
    ];
    for name in names.concat() {
        let in_example = PAGE.contains(&format!("\n{name} = "));
        let in_table = ["`", "[", "."].iter().any(|before| {
            ["`", " ", "]", "."].iter().any(|after| PAGE.contains(&format!("{before}{name}{after}")))
        });
        assert!(in_example || in_table, "{name}");
    }
}
