//! What is asked for an app, as the rules of [`registration`](crate::registration) see it, and what they find in
//! the words of the command line.

use super::{redirects, scopes, security};
use crate::{
    cli::{CreateApp, MemberText, MetadataChoices, UpdateApp},
    commands::{
        name,
        refusals::{INVALID, Refusals},
    },
    grant_types::whole_name,
    registration::{
        Draft, Grants, GrantsProblem, HomepageProblem, MEMBERS, MemberMistake, MemberProblem, Members,
        Mistake, OriginsProblem, Registrable, Surroundings, nearest_origin,
    },
    store::apps::RegisteredApp,
};

const GRANT: &str = "--grant";
const ORIGIN: &str = "--origin";
const METADATA: &str = "--metadata";

/// The app that `args` describe; `None` if something is wrong, which is in `refusals` then.
pub(super) fn parse(
    args: &CreateApp,
    around: Surroundings<'_>,
    refusals: &mut Refusals,
) -> Option<Registrable> {
    let grants = grants(args);
    let draft = Draft {
        name: args.name.clone(),
        homepage: String::new(),
        public: args.public,
        grants,
        redirect_uris: args.redirect_uris.clone(),
        origins: args.origins.clone(),
        items: scopes::items(args, grants),
        metadata: metadata(&args.metadata, Members::default()),
    };
    judge(&draft, around, refusals)
}

/// The registered app as `args` would change it; `None` if they change nothing of what is judged.
pub(super) fn changed(args: &UpdateApp, registered: &RegisteredApp) -> Option<Draft> {
    let before = Draft::of(registered);
    let same = args.name.is_none()
        && args.redirect_uris.is_empty()
        && (args.origins.is_empty() && !args.no_origin)
        && args.required_scopes.is_empty()
        && (args.optional_scopes.is_empty() && !args.no_optional_scope)
        && args.metadata.is_empty();
    (!same).then(|| Draft {
        name: args.name.clone().unwrap_or_else(|| before.name.clone()),
        redirect_uris: or(&args.redirect_uris, false, &before.redirect_uris),
        origins: or(&args.origins, args.no_origin, &before.origins),
        items: scopes::changed(args, &before.items),
        metadata: metadata(&args.metadata, before.metadata.clone()),
        ..before
    })
}

/// The list that is named, else the one before.
fn or(named: &[String], emptied: bool, before: &[String]) -> Vec<String> {
    if emptied || !named.is_empty() { named.to_vec() } else { before.to_vec() }
}

/// The app, by the rules for all apps; `None` if something is wrong, which is in `refusals` then.
pub(super) fn judge(draft: &Draft, around: Surroundings<'_>, refusals: &mut Refusals) -> Option<Registrable> {
    let judged = draft.judge(around);
    judged
        .map_err(|mistakes| mistakes.into_iter().for_each(|mistake| tell(mistake, draft, around, refusals)))
        .ok()
}

/// Those named; the usual ones when none is.
fn grants(args: &CreateApp) -> Grants {
    match args.grants.as_slice() {
        [] => Grants::sign_in(),
        named => Grants::named(named.iter().map(|name| whole_name(name))),
    }
}

fn tell(mistake: Mistake, draft: &Draft, around: Surroundings<'_>, refusals: &mut Refusals) {
    match mistake {
        Mistake::Name(mistake) => name::tell(mistake, refusals),
        // The command line has no option for it, so an empty one was judged.
        Mistake::Homepage(
            HomepageProblem::Uri(_)
            | HomepageProblem::TooLong(_)
            | HomepageProblem::Fragment
            | HomepageProblem::NotHttps,
        ) => {}
        Mistake::Grants(problem) => tell_grants(problem, refusals),
        Mistake::RedirectUris(problem) => redirects::tell(problem, draft, around, refusals),
        Mistake::Origins(problem) => tell_origins(problem, draft, refusals),
        Mistake::Items(problem) => scopes::tell(problem, draft, around, refusals),
        Mistake::Member(mistake) => tell_member(mistake, draft, refusals),
        Mistake::Profile(problem) => security::tell_profile(problem, refusals),
    }
}

/// The members of before, with what is named.
fn metadata(choices: &MetadataChoices, before: Members) -> Members {
    choices.named().fold(before, |members, MemberText { member, value }| members.with(member, value))
}

fn tell_member(mistake: MemberMistake, draft: &Draft, refusals: &mut Refusals) {
    let MemberMistake { position, problem } = mistake;
    let member = draft.metadata.name(position);
    let instead = match problem {
        MemberProblem::Unknown => {
            let known: Vec<&str> = MEMBERS.iter().map(|member| member.name()).collect();
            format!("Name one of {}.", known.join(", "))
        }
        MemberProblem::NotFetchedHere => "Leave it out; an icon is set in the console.".to_owned(),
        MemberProblem::KeysTwice => format!("Leave one out, or write {member}= to take it back."),
        MemberProblem::NotText
        | MemberProblem::NotProfile
        | MemberProblem::NotEmails(_)
        | MemberProblem::NotLine(_)
        | MemberProblem::NotApplicationType
        | MemberProblem::NotName
        | MemberProblem::NotKeys(_)
        | MemberProblem::NotPublicKey
        | MemberProblem::NotBoolean
        | MemberProblem::NotNumber(_)
        | MemberProblem::NotAddress
        | MemberProblem::NotAcrValues
        | MemberProblem::NotAlgorithm
        | MemberProblem::NotClientAlgorithm
        | MemberProblem::NotAddresses(_)
        | MemberProblem::NotOwnOrigin
        | MemberProblem::NotOwnHost
        | MemberProblem::NotRedirectUris(_) => format!("Write another value, or {member}= to take it back."),
    };
    refusals.add(INVALID, METADATA, format!("{member}: {problem}."), instead);
}

fn tell_grants(problem: GrantsProblem, refusals: &mut Refusals) {
    let (wrong, instead) = match problem {
        GrantsProblem::None => {
            ("An app without a grant gets no token.", "Write for example --grant authorization_code.")
        }
        GrantsProblem::RefreshWithoutCode => (
            "refresh_token alone is of no use: the first refresh token comes with a code or a device.",
            "Add --grant authorization_code, or leave refresh_token out: a machine asks for a new access token.",
        ),
        GrantsProblem::PublicMachine => (
            "client_credentials and token-exchange are for apps that keep a secret, and this one is public.",
            "Leave out --public, or this grant.",
        ),
    };
    refusals.add(INVALID, GRANT, wrong, instead);
}

fn tell_origins(problem: OriginsProblem, draft: &Draft, refusals: &mut Refusals) {
    let (wrong, instead) = match problem {
        OriginsProblem::OfMachine => (
            "A machine runs in no browser: there its secret would be open to everybody.".to_owned(),
            "Leave it out.".to_owned(),
        ),
        OriginsProblem::TooMany(limit) => {
            (format!("An app has at most {limit} origins."), "Register another app for the rest.".to_owned())
        }
        OriginsProblem::NotAnOrigin { position } => {
            let text = draft.origins.get(position).map_or("", String::as_str);
            let nearest = nearest_origin(text);
            let instead = nearest.map_or_else(
                || "Write for example https://app.example.com.".to_owned(),
                |origin| format!("Write {origin}."),
            );
            (format!("{text:?}: {}.", mapae_protocol::origin::Malformed), instead)
        }
    };
    refusals.add(INVALID, ORIGIN, wrong, instead);
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::{
        cli::{AppCommand, Cli, Command},
        config::Development,
        registration::KnownScopes,
        store::apps::{AppLists, AppSettings},
    };

    type Kept = (AppSettings, AppLists);

    /// The words after `mapae app create --name A`.
    fn args(words: &str) -> CreateApp {
        let line = ["mapae", "app", "create", "--name", "A"];
        match Cli::try_parse_from(line.into_iter().chain(words.split_whitespace())).unwrap().command {
            Command::App(AppCommand::Create(args)) => *args,
            other => panic!("{other:?}"),
        }
    }

    fn draft(words: &str) -> (Option<Kept>, Vec<String>) {
        let known = KnownScopes::standard_and(["calendar.read"]);
        let mut refusals = Refusals::default();
        let around = Surroundings { scopes: &known, development: Development::Yes };
        let draft = parse(&args(words), around, &mut refusals);
        (draft.map(|app| app.new_app("RS256")), refusals.texts())
    }

    fn good(words: &str) -> Kept {
        let (draft, wrong) = draft(words);
        assert_eq!(wrong, Vec::<String>::new(), "{words}");
        draft.unwrap()
    }

    #[test]
    fn an_app_signs_people_in_unless_it_says_otherwise() {
        let (settings, lists) = good("--redirect-uri https://a.example/cb");
        assert_eq!(settings.grant_types, "authorization_code refresh_token");
        assert_eq!(settings.id_token_alg, "RS256");
        assert!(!settings.public && settings.pkce_required && settings.rotate_refresh);
        let scopes: Vec<(&str, bool)> =
            lists.scopes.iter().map(|item| (item.scope.as_str(), item.required)).collect();
        assert_eq!(scopes, [("openid", true), ("profile", false), ("email", false)]);
    }

    #[test]
    fn a_machine_needs_only_its_scopes() {
        let (settings, lists) = good("--grant client_credentials --required-scope calendar.read");
        assert_eq!(settings.grant_types, "client_credentials");
        assert_eq!(lists.redirect_uris, Vec::<String>::new());
        assert_eq!(lists.scopes.len(), 1);
    }

    #[test]
    fn what_is_named_twice_is_registered_once() {
        let (settings, lists) = good(
            "--redirect-uri https://a.example/cb --redirect-uri https://a.example/cb \
             --origin https://a.example --origin https://a.example \
             --grant authorization_code --grant authorization_code --optional-scope email --optional-scope email",
        );
        assert_eq!((lists.redirect_uris.len(), lists.origins.len()), (1, 1));
        assert_eq!(settings.grant_types, "authorization_code");
        assert_eq!(lists.scopes.len(), 2, "openid and email");
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
              refresh_token alone is of no use: the first refresh token comes with a code or a device.
              Add --grant authorization_code, or leave refresh_token out: a machine asks for a new access token.

        --grant
              client_credentials and token-exchange are for apps that keep a secret, and this one is public.
              Leave out --public, or this grant.

        --redirect-uri
              An app without the grant authorization_code sends nobody here, so nobody is sent back to it.
              Leave it out, or add --grant authorization_code.

        --origin
              A machine runs in no browser: there its secret would be open to everybody.
              Leave it out.

        --required-scope
              "openid" is about a person, and there is none when a machine acts for itself.
              Name scopes of APIs, or add --grant authorization_code.

        --required-scope
              There is no scope "calender.read".
              Write calendar.read. Known are openid, profile, email, phone, address, offline_access and calendar.read.
        "#);
    }

    #[test]
    fn a_purpose_that_no_page_can_show_is_refused() {
        let long = "가".repeat(121);
        for (purpose, help) in [
            (format!("{long}|short"), "Write at most 120 characters in each language."),
            (format!("short|{long}"), "Write at most 120 characters in each language."),
            ("a\u{7}|b".to_owned(), "Write it on one line."),
        ] {
            let option = format!("--optional-scope email={purpose}");
            let (_, wrong) = draft(&format!("--redirect-uri https://a.example/cb {option}"));
            let [wrong] = wrong.as_slice() else { panic!("{wrong:?}") };
            assert!(wrong.starts_with("--optional-scope\n") && wrong.ends_with(help), "{wrong}");
        }
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
