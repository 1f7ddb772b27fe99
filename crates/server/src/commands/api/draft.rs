//! What is asked for an API, checked against the others: everything that is wrong is found at once — RFC 8707 §2.

use mapae_protocol::{endpoint_uri::EndpointUri, resource::ResourceIndicator, scope::ScopeToken};

use crate::{
    cli::{CreateApi, ScopeText, UpdateApi},
    commands::{
        name,
        refusals::{INVALID, Refusals},
    },
    config::Site,
    registration::STANDARD_SCOPES,
    store::apis::{Api, ApiScope},
    upstream,
};

const IDENTIFIER: &str = "--identifier";
const SCOPE: &str = "--scope";
const REMOVE_SCOPE: &str = "--remove-scope";

/// As many characters as a page shows of a scope's text.
const MAX_TEXT: usize = 120;

/// An API that may be registered.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) identifier: String,
    pub(super) name: String,
    pub(super) scopes: Vec<ApiScope>,
}

/// The API that `args` describe; `None` if something is wrong, which is in `refusals` then.
pub(super) fn parse(args: &CreateApi, known: &[Api], site: &Site, refusals: &mut Refusals) -> Option<Draft> {
    let identifier = parse_identifier(&args.identifier, known, site, refusals);
    let name = name::parse(&args.name, refusals);
    let scopes = parse_scopes(&args.scopes, known, refusals);
    Some(Draft { identifier: identifier?, name: name?, scopes })
}

/// Name and scopes of `api` as `args` would change them; `None` if something is wrong, which is in `refusals` then.
/// Scopes that it has keep their places, new ones come after them.
pub(super) fn changed(
    args: &UpdateApi,
    api: &Api,
    known: &[Api],
    refusals: &mut Refusals,
) -> Option<(String, Vec<ApiScope>)> {
    let name = match &args.name {
        Some(name) => name::parse(name, refusals),
        None => Some(api.name.clone()),
    };
    // Its own scopes are not taken by somebody else.
    let others: Vec<Api> = known.iter().filter(|other| other.id != api.id).cloned().collect();
    let named = parse_scopes(&args.scopes, &others, refusals);
    for scope in &args.removed_scopes {
        if api.scopes.iter().all(|owned| owned.scope != *scope) {
            let wrong = format!("{} has no scope {scope:?}.", api.name);
            refusals.add(INVALID, REMOVE_SCOPE, wrong, "`mapae api show` lists those that it has.");
        } else if named.iter().any(|named| named.scope == *scope) {
            let wrong = format!("{scope:?} is both to be kept and to be given up.");
            refusals.add(INVALID, REMOVE_SCOPE, wrong, "Name it in one of the two.");
        }
    }
    let kept = api.scopes.iter().filter(|owned| !args.removed_scopes.contains(&owned.scope));
    let mut scopes: Vec<ApiScope> = kept.cloned().collect();
    for new in named {
        match scopes.iter_mut().find(|owned| owned.scope == new.scope) {
            Some(owned) => *owned = new,
            None => scopes.push(new),
        }
    }
    if scopes.is_empty() {
        let wrong = "An API without a scope gets no token.";
        refusals.add(INVALID, REMOVE_SCOPE, wrong, "Keep one scope, or delete it: `mapae api delete`.");
    }
    Some((name?, scopes))
}

fn parse_identifier(text: &str, known: &[Api], site: &Site, refusals: &mut Refusals) -> Option<String> {
    let example = "Write the API's own address, such as https://calendar.example.com.";
    match ResourceIndicator::parse(text) {
        Err(error) => refusals.add(INVALID, IDENTIFIER, format!("{text:?}: {error}."), example),
        Ok(identifier) if !names_a_place(identifier.as_str()) => {
            let wrong = format!("{text:?} is no https address, no http address of this machine and no urn:.");
            refusals.add(INVALID, IDENTIFIER, wrong, example);
        }
        // The issuer stands in `aud` of tokens for userinfo: an API of that name would be sent them.
        Ok(identifier) if identifier.as_str().trim_end_matches('/') == site.issuer().as_str() => {
            refusals.add(INVALID, IDENTIFIER, "This is the server itself.", example);
        }
        Ok(identifier) => match known.iter().find(|api| api.identifier == identifier.as_str()) {
            Some(api) => {
                let wrong = format!("{text} is registered already: {}.", api.name);
                refusals.add(
                    "identifier_taken",
                    IDENTIFIER,
                    wrong,
                    "`mapae api list` shows it. Write another.",
                );
            }
            None => return Some(identifier.into()),
        },
    }
    None
}

/// Whether it is where an API can be, or a name that is never an address: what else stands in `resource` and `aud`
/// could be followed, or run, by whoever reads it.
fn names_a_place(identifier: &str) -> bool {
    EndpointUri::parse(identifier).is_ok() || identifier.starts_with("urn:")
}

fn parse_scopes(texts: &[ScopeText], known: &[Api], refusals: &mut Refusals) -> Vec<ApiScope> {
    let mut scopes: Vec<ApiScope> = Vec::new();
    for ScopeText { scope, korean, english } in texts {
        verify_name(scope, known, refusals);
        if scopes.iter().any(|earlier| earlier.scope == *scope) {
            refusals.add(INVALID, SCOPE, format!("{scope:?} is named twice."), "Name each scope once.");
        }
        for text in [korean, english] {
            if text.chars().count() > MAX_TEXT || text.contains(char::is_control) {
                let wrong = format!("A text of {scope:?} is too long or on several lines.");
                refusals.add(
                    INVALID,
                    SCOPE,
                    wrong,
                    format!("Write at most {MAX_TEXT} characters on one line."),
                );
            }
        }
        scopes.push(ApiScope { scope: scope.clone(), title_ko: korean.clone(), title_en: english.clone() });
    }
    scopes
}

fn verify_name(scope: &str, known: &[Api], refusals: &mut Refusals) {
    let owner = known.iter().find(|api| api.scopes.iter().any(|owned| owned.scope == scope));
    if let Err(error) = ScopeToken::parse(scope) {
        let instead = "Write a name such as calendar.read.";
        refusals.add(INVALID, SCOPE, format!("{scope:?} is no scope: {error}."), instead);
    } else if STANDARD_SCOPES.contains(&scope) {
        let wrong = format!("{scope:?} is about a person and belongs to the server (OIDC Core §5.4, §11).");
        refusals.add("scope_taken", SCOPE, wrong, "Write another name, such as calendar.read.");
    } else if upstream::named_by(scope).is_some() {
        let wrong = format!("{scope:?} is about what a provider gave and belongs to the server.");
        refusals.add("scope_taken", SCOPE, wrong, "Write another name, such as calendar.read.");
    } else if let Some(owner) = owner {
        let wrong = format!(
            "{scope:?} belongs to {} ({}): a scope says for which API a token is.",
            owner.name, owner.identifier
        );
        refusals.add(
            "scope_taken",
            SCOPE,
            wrong,
            "Write another name, for example with the API's name in front.",
        );
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::Timestamp;

    use super::*;
    use crate::{
        cli::{Common, TokenFormat},
        store::apis,
    };

    fn wrong(identifier: &str, scopes: &[&str]) -> Vec<String> {
        let args = CreateApi {
            common: Common::default(),
            identifier: identifier.to_owned(),
            name: "캘린더".to_owned(),
            scopes: scopes.iter().map(|scope| scope.parse().unwrap()).collect(),
            token_format: TokenFormat::Jwt,
        };
        let calendar = Api {
            id: "api_1".to_owned(),
            identifier: "https://calendar.example.com".to_owned(),
            name: "캘린더".to_owned(),
            token_format: apis::TokenFormat::Jwt,
            secret_hash: "hash".into(),
            disabled_at: None,
            created_at: Timestamp::from_unix(0),
            scopes: vec![ApiScope {
                scope: "calendar.read".to_owned(),
                title_ko: "일정 보기".to_owned(),
                title_en: "See your calendar".to_owned(),
            }],
        };
        let site = Site::parse("https://id.example.com").unwrap();
        let mut refusals = Refusals::default();
        parse(&args, &[calendar], &site, &mut refusals);
        refusals.texts()
    }

    #[test]
    fn an_api_with_scopes_of_its_own_is_registered() {
        for identifier in ["https://mail.example.com", "http://localhost:4000", "urn:example:mail"] {
            assert_eq!(
                wrong(identifier, &["mail.read=메일|Mail", "mail.write=메일 쓰기"]),
                Vec::<String>::new()
            );
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_together() {
        let found = wrong(
            "https://calendar.example.com",
            &["calendar.read=a|b", "openid=a|b", "a\"b=a|b", "mail=a|b", "mail=a|b", "note=a\nb|c"],
        );
        insta::assert_snapshot!(found.join("\n\n"), @r#"
        --identifier
              https://calendar.example.com is registered already: 캘린더.
              `mapae api list` shows it. Write another.

        --scope
              "calendar.read" belongs to 캘린더 (https://calendar.example.com): a scope says for which API a token is.
              Write another name, for example with the API's name in front.

        --scope
              "openid" is about a person and belongs to the server (OIDC Core §5.4, §11).
              Write another name, such as calendar.read.

        --scope
              "a\"b" is no scope: a scope token has a character that is not allowed.
              Write a name such as calendar.read.

        --scope
              "mail" is named twice.
              Name each scope once.

        --scope
              A text of "note" is too long or on several lines.
              Write at most 120 characters on one line.
        "#);
    }

    #[test]
    fn az_27_an_api_is_at_an_address_or_has_a_name() {
        for identifier in [
            "javascript:x",
            "data:text/html,x",
            "http://mail.example.com",
            "ftp://mail.example.com",
            "mailto:a@b",
        ] {
            assert_eq!(wrong(identifier, &["mail.read=a|b"]).len(), 1, "{identifier}");
        }
    }

    #[test]
    fn the_server_itself_is_no_api() {
        for identifier in ["https://id.example.com", "https://id.example.com/", "calendar", "https://a#b"] {
            assert_eq!(wrong(identifier, &["a=b"]).len(), 1, "{identifier}");
        }
    }
}
