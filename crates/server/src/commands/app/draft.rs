//! What is asked for an app, checked without a database: everything that is wrong is found at once.

use mapae_protocol::origin::Origin;

use super::{
    redirects::{self, Development},
    scopes::{self, KnownScopes},
};
use crate::{
    cli::{CreateApp, GrantTypeName},
    commands::{
        name,
        refusals::{INVALID, Refusals},
    },
    store::apps::{AppLists, AppSettings},
};

/// An app that may be registered.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) settings: AppSettings,
    pub(super) lists: AppLists,
}

/// What the app may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grants {
    /// It sends people here.
    pub(super) code: bool,
    pub(super) refresh: bool,
    /// It acts for itself.
    pub(super) machine: bool,
}

/// The app that `args` describe; `None` if something is wrong, which is in `refusals` then.
pub(super) fn parse(
    args: &CreateApp,
    known: &KnownScopes,
    development: Development,
    refusals: &mut Refusals,
) -> Option<Draft> {
    let name = name::parse(&args.name, refusals);
    let grants = Grants::parse(args, refusals);
    let lists = AppLists {
        redirect_uris: redirects::parse(args, grants, development, refusals),
        origins: origins(args, grants, refusals),
        scopes: scopes::parse(args, grants, known, refusals),
    };
    let settings = AppSettings {
        name: name?,
        icon: None,
        homepage: None,
        public: args.public,
        grant_types: grants.names(),
        token_endpoint_auth_method: None,
        id_token_alg: args.id_token_alg.as_str().to_owned(),
        subject_type: "pairwise".to_owned(),
        pkce_required: true,
        rotate_refresh: true,
    };
    Some(Draft { settings, lists })
}

impl Grants {
    fn parse(args: &CreateApp, refusals: &mut Refusals) -> Self {
        let named = |grant| args.grants.contains(&grant);
        let default = args.grants.is_empty();
        let grants = Self {
            code: default || named(GrantTypeName::AuthorizationCode),
            refresh: default || named(GrantTypeName::RefreshToken),
            machine: named(GrantTypeName::ClientCredentials),
        };
        if grants.refresh && !grants.code {
            refusals.add(
                INVALID,
                "--grant",
                "refresh_token alone is of no use: the first refresh token comes with a code.",
                "Add --grant authorization_code, or leave refresh_token out: a machine asks for a new access token.",
            );
        }
        if grants.machine && args.public {
            refusals.add(
                INVALID,
                "--grant",
                "client_credentials is for apps that keep a secret (RFC 6749 §4.4), and this one is public.",
                "Leave out --public, or this grant.",
            );
        }
        grants
    }

    /// It sends nobody here.
    pub(super) const fn is_machine_only(self) -> bool {
        self.machine && !self.code
    }

    fn names(self) -> String {
        let all = [
            (self.code, GrantTypeName::AuthorizationCode),
            (self.refresh, GrantTypeName::RefreshToken),
            (self.machine, GrantTypeName::ClientCredentials),
        ];
        let names = all.into_iter().filter(|(chosen, _)| *chosen).map(|(_, grant)| grant.as_str());
        names.collect::<Vec<_>>().join(" ")
    }
}

fn origins(args: &CreateApp, grants: Grants, refusals: &mut Refusals) -> Vec<String> {
    let option = "--origin";
    if grants.is_machine_only() && !args.origins.is_empty() {
        refusals.add(
            INVALID,
            option,
            "A machine runs in no browser: there its secret would be open to everybody.",
            "Leave it out.",
        );
        return Vec::new();
    }
    let mut origins: Vec<String> = Vec::new();
    for text in &args.origins {
        match Origin::parse(text) {
            Ok(origin) if origins.iter().any(|known| known == origin.as_str()) => {}
            Ok(origin) => origins.push(origin.as_str().to_owned()),
            Err(error) => refusals.add(INVALID, option, format!("{text:?}: {error}."), nearest_origin(text)),
        }
    }
    origins
}

/// The origin that was probably meant.
fn nearest_origin(text: &str) -> String {
    let url = url::Url::parse(text).ok().map(|url| url.origin().ascii_serialization());
    let secure = url.map(|origin| {
        if Origin::parse(&origin).is_ok() { origin } else { origin.replacen("http://", "https://", 1) }
    });
    match secure.filter(|origin| Origin::parse(origin).is_ok()) {
        Some(origin) => format!("Write {origin}."),
        None => "Write for example https://app.example.com.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{AppCommand, Cli, Command};

    /// The words after `mapae app create --name A`.
    fn args(words: &str) -> CreateApp {
        let line = ["mapae", "app", "create", "--name", "A"];
        match Cli::try_parse_from(line.into_iter().chain(words.split_whitespace())).unwrap().command {
            Command::App(AppCommand::Create(args)) => args,
            other => panic!("{other:?}"),
        }
    }

    fn draft(words: &str) -> (Option<Draft>, Vec<String>) {
        let known = KnownScopes::standard_and(["calendar.read"]);
        let mut refusals = Refusals::default();
        let draft = parse(&args(words), &known, Development::Yes, &mut refusals);
        (draft, refusals.texts())
    }

    fn good(words: &str) -> Draft {
        let (draft, wrong) = draft(words);
        assert_eq!(wrong, Vec::<String>::new(), "{words}");
        draft.unwrap()
    }

    #[test]
    fn an_app_signs_people_in_unless_it_says_otherwise() {
        let draft = good("--redirect-uri https://a.example/cb");
        assert_eq!(draft.settings.grant_types, "authorization_code refresh_token");
        assert_eq!(draft.settings.id_token_alg, "RS256");
        assert!(!draft.settings.public && draft.settings.pkce_required && draft.settings.rotate_refresh);
        let scopes: Vec<(&str, bool)> =
            draft.lists.scopes.iter().map(|item| (item.scope.as_str(), item.required)).collect();
        assert_eq!(scopes, [("openid", true), ("profile", false), ("email", false)]);
    }

    #[test]
    fn a_machine_needs_only_its_scopes() {
        let draft = good("--grant client_credentials --required-scope calendar.read");
        assert_eq!(draft.settings.grant_types, "client_credentials");
        assert_eq!(draft.lists.redirect_uris, Vec::<String>::new());
        assert_eq!(draft.lists.scopes.len(), 1);
    }

    #[test]
    fn what_is_named_twice_is_registered_once() {
        let draft = good(
            "--redirect-uri https://a.example/cb --redirect-uri https://a.example/cb \
             --origin https://a.example --origin https://a.example \
             --grant authorization_code --grant authorization_code --optional-scope email --optional-scope email",
        );
        assert_eq!((draft.lists.redirect_uris.len(), draft.lists.origins.len()), (1, 1));
        assert_eq!(draft.settings.grant_types, "authorization_code");
        assert_eq!(draft.lists.scopes.len(), 2, "openid and email");
    }

    #[test]
    fn everything_that_is_wrong_is_told_together() {
        let (_, wrong) = draft(
            "--public --grant client_credentials --grant refresh_token --redirect-uri http://a.example/cb \
             --origin http://a.example/ --required-scope openid --required-scope calender.read",
        );
        let text = wrong.join("\n\n");
        insta::assert_snapshot!(text, @r#"
        --grant
              refresh_token alone is of no use: the first refresh token comes with a code.
              Add --grant authorization_code, or leave refresh_token out: a machine asks for a new access token.

        --grant
              client_credentials is for apps that keep a secret (RFC 6749 §4.4), and this one is public.
              Leave out --public, or this grant.

        --redirect-uri
              A machine sends nobody here, so nobody is sent back to it.
              Leave it out, or add --grant authorization_code.

        --origin
              A machine runs in no browser: there its secret would be open to everybody.
              Leave it out.

        --required-scope
              "openid" is about a person, and there is none when a machine acts for itself.
              Name scopes of APIs, or add --grant authorization_code.

        --required-scope
              There is no scope "calender.read".
              Write calendar.read. Known are openid, profile, email, offline_access and calendar.read.
        "#);
    }

    #[test]
    fn to_21_an_origin_has_no_path_and_is_secure() {
        for (text, help) in [
            ("https://a.example/", "Write https://a.example."),
            ("http://a.example", "Write https://a.example."),
            ("HTTPS://A.example:443", "Write https://a.example."),
            ("null", "Write for example https://app.example.com."),
        ] {
            let (_, wrong) = draft(&format!("--redirect-uri https://a.example/cb --origin {text}"));
            assert!(wrong[0].ends_with(help), "{wrong:?}");
        }
    }
}
