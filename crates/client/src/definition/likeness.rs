//! Definitions that say only in what they differ from another one (`like`).

use serde::de::DeserializeOwned;
use toml::{
    Deserializer, Spanned, Table, Value,
    de::{DeTable, Error},
};

use super::{DefinitionError, schema::Schema};

/// The name of the definition that another one is like.
const LIKE: &str = "like";

/// What a definition says itself, whatever it is like: its name, under which nobody takes it for the other one, and the version of
/// the form in which it was written.
const OWN: [&str; 2] = ["id", "schema"];

/// Reads the form; `known` are the texts that a definition may be like.
pub(super) fn read<'a>(
    text: &str,
    known: impl Fn(&str) -> Option<&'a str>,
) -> Result<Schema, DefinitionError> {
    let form = DeTable::parse(text).map_err(|error| unreadable(text, error))?;
    if !form.get_ref().keys().any(|name| name.get_ref() == LIKE) {
        return deserialized(text, form);
    }
    let mut own: Table = deserialized(text, form)?;
    let like = own.remove(LIKE);
    let other = like.as_ref().and_then(Value::as_str).and_then(known);
    let other = other.ok_or_else(|| wrong("there is no definition of this id that is compiled in"))?;
    let mut whole: Table = other.parse().map_err(|error| unreadable(other, error))?;
    if whole.contains_key(LIKE) {
        return Err(wrong("that definition is itself like another one: name the other one"));
    }
    for name in OWN {
        whole.remove(name);
    }
    overlay(&mut whole, own);
    // Of what was put together nobody can say in which line it is.
    whole.try_into().map_err(|error: Error| DefinitionError::Unreadable(error.to_string()))
}

fn deserialized<T: DeserializeOwned>(text: &str, form: Spanned<DeTable<'_>>) -> Result<T, DefinitionError> {
    T::deserialize(Deserializer::from(form)).map_err(|error| unreadable(text, error))
}

/// Says in which line of the text it is.
fn unreadable(text: &str, mut error: Error) -> DefinitionError {
    error.set_input(Some(text));
    DefinitionError::Unreadable(error.to_string())
}

const fn wrong(problem: &'static str) -> DefinitionError {
    DefinitionError::Wrong { at: LIKE, problem }
}

/// Tables are joined; anything else, lists too, stands in the place of the other's.
fn overlay(whole: &mut Table, own: Table) {
    for (name, value) in own {
        match (whole.get_mut(&name), value) {
            (Some(Value::Table(below)), Value::Table(value)) => overlay(below, value),
            (_, value) => {
                whole.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
        schema = 1
        id = "whole"
        label = { ko = "전체", en = "Whole" }
        issuer = "https://whole.example"
        openid = "never"
        endpoints = { authorization = "https://whole.example/authorize", token = "https://whole.example/token" }
        authorization = { scopes = ["a", "b"], pkce = false }
        identity = { subject = ["/user_info/id"] }
    "#;

    fn read_like(own: &str) -> Result<Schema, DefinitionError> {
        read(own, |id| (id == "whole").then_some(WHOLE))
    }

    #[test]
    fn what_a_definition_says_counts_more_than_what_it_is_like() {
        let part = "like = \"whole\"\nschema = 2\nid = \"part\"\n[endpoints]\ntoken = \"https://part.example/token\"\n\
                    [authorization]\nscopes = [\"c\"]";
        let part = read_like(part).unwrap();
        assert_eq!((part.id.as_str(), part.issuer.as_str()), ("part", "https://whole.example"));
        assert_eq!(part.schema, 2, "in which it was written");
        assert_eq!(part.endpoints.token.as_deref(), Some("https://part.example/token"));
        assert_eq!(part.endpoints.authorization.as_deref(), Some("https://whole.example/authorize"));
        assert_eq!(part.authorization.scopes, ["c"], "a list is not joined");
        assert!(!part.authorization.pkce);
    }

    #[test]
    fn whoever_is_like_another_has_an_id_and_a_version_of_their_own_and_errors_are_found() {
        let part = |rest: &str| read_like(&format!("like = \"whole\"\n{rest}")).map(|part| part.id);
        assert_eq!(part("schema = 1\nid = \"part\"").unwrap(), "part");
        for wrong in [
            "schema = 1",
            "id = \"part\"",
            "schema = 1\nid = \"part\"\nx = 1",
            "schema = 1\nid = \"part\"\n[authorization]\npkce = \"no\"",
        ] {
            assert!(part(wrong).is_err(), "{wrong}");
        }
        for like in ["\"nobody\"", "1"] {
            let refused = read_like(&format!("like = {like}\nschema = 1\nid = \"part\"")).unwrap_err();
            assert!(refused.to_string().starts_with("`like`: there is no definition"), "{refused}");
        }
    }

    #[test]
    fn whoever_is_like_one_that_is_like_another_hears_which_one_to_name() {
        let chain = "like = \"naver-oidc\"\nschema = 1\nid = \"part\"";
        let refused = super::super::Definition::parse(chain).unwrap_err();
        assert!(refused.to_string().starts_with("`like`: that definition is itself like"), "{refused}");
    }

    #[test]
    fn an_error_in_a_whole_definition_says_in_which_line_it_is() {
        let misspelt = WHOLE.replace("openid =", "opened =");
        for (text, line) in [(misspelt.as_str(), "line 6"), ("schema = 1\nid = ", "line 2")] {
            let refused = read_like(text).unwrap_err().to_string();
            assert!(refused.contains(line), "{refused}");
        }
    }
}
