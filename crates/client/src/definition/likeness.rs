//! Definitions that say only in what they differ from another one (`like`).

use toml::{Table, Value};

use super::{DefinitionError, schema::Schema};

/// The name of the definition that another one is like.
const LIKE: &str = "like";

/// Reads the form; `known` are the texts that a definition may be like.
pub(super) fn read<'a>(
    text: &str,
    known: impl Fn(&str) -> Option<&'a str>,
) -> Result<Schema, DefinitionError> {
    let unreadable = |error: toml::de::Error| DefinitionError::Unreadable(error.to_string());
    // An error in a whole definition says in which line it is.
    let Ok(mut own) = text.parse::<Table>() else { return toml::from_str(text).map_err(unreadable) };
    let Some(like) = own.remove(LIKE) else { return toml::from_str(text).map_err(unreadable) };
    let other = like.as_str().and_then(known).ok_or(DefinitionError::Wrong {
        at: LIKE,
        problem: "there is no definition of this id that is compiled in",
    })?;
    let mut whole: Table = other.parse().map_err(unreadable)?;
    // Where it is shown under its own id, nobody takes it for the other one.
    whole.remove("id");
    overlay(&mut whole, own);
    whole.try_into().map_err(unreadable)
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
        let part = "like = \"whole\"\nid = \"part\"\n[endpoints]\ntoken = \"https://part.example/token\"\n\
                    [authorization]\nscopes = [\"c\"]";
        let part = read_like(part).unwrap();
        assert_eq!((part.id.as_str(), part.issuer.as_str()), ("part", "https://whole.example"));
        assert_eq!(part.endpoints.token.as_deref(), Some("https://part.example/token"));
        assert_eq!(part.endpoints.authorization.as_deref(), Some("https://whole.example/authorize"));
        assert_eq!(part.authorization.scopes, ["c"], "a list is not joined");
        assert!(!part.authorization.pkce);
    }

    #[test]
    fn whoever_is_like_another_has_an_id_of_their_own_and_errors_are_found() {
        for wrong in [
            "like = \"whole\"",
            "like = \"nobody\"\nid = \"part\"",
            "like = 1\nid = \"part\"",
            "like = \"whole\"\nid = \"part\"\nx = 1",
            "like = \"whole\"\nid = \"part\"\n[authorization]\npkce = \"no\"",
        ] {
            assert!(read_like(wrong).is_err(), "{wrong}");
        }
        let chain = read("like = \"part\"\nid = \"x\"", |_| Some("like = \"whole\"\nid = \"part\""));
        assert!(chain.is_err(), "of one that is whole");
    }
}
