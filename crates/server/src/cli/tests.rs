//! What may be written on the command line, and what may not.

use clap::{CommandFactory as _, error::ErrorKind};

use super::*;

fn parse(line: &[&str]) -> Result<Command, ErrorKind> {
    Cli::try_parse_from(std::iter::once(&"mapae").chain(line))
        .map(|cli| cli.command)
        .map_err(|error| error.kind())
}

#[test]
fn the_definitions_are_sound() {
    Cli::command().debug_assert();
}

/// Longer lines are broken anywhere, and an example could not be copied into a shell.
#[test]
fn examples_fit_into_the_width_of_the_help() {
    let mut waiting = vec![Cli::command()];
    let mut lines = 0;
    while let Some(command) = waiting.pop() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in help.lines() {
            assert!(line.chars().count() <= 100, "{}: {line}", command.get_name());
            lines += 1;
        }
        waiting.extend(command.get_subcommands().cloned());
    }
    assert!(lines > 20, "{lines} lines of examples");
}

#[test]
fn serve_takes_its_settings() {
    let line = [
        "serve",
        "--config",
        "m.toml",
        "--data",
        "d",
        "--database",
        "sqlite:x",
        "--listen",
        "127.0.0.1:1",
        "--issuer",
        "http://localhost:1",
        "--trusted-proxy",
        "10.0.0.0/8",
        "--trusted-proxy",
        "::1",
        "--json",
    ];
    let Ok(Command::Serve(serve)) = parse(&line) else { panic!("not understood") };
    let flags = serve.flags();
    assert_eq!(flags.config.as_deref(), Some("m.toml"));
    assert_eq!(flags.data.as_deref(), Some("d"));
    assert_eq!(flags.database.as_deref(), Some("sqlite:x"));
    assert_eq!(flags.listen.as_deref(), Some("127.0.0.1:1"));
    assert_eq!(flags.issuer.as_deref(), Some("http://localhost:1"));
    assert_eq!(flags.trusted_proxies, ["10.0.0.0/8", "::1"]);
    assert!(serve.common.json);
}

#[test]
fn every_command_takes_the_common_options_after_its_name() {
    let common = ["--data", "d", "--database", "sqlite:x", "--config", "m.toml", "--json"];
    for command in [
        "serve",
        "user create --email a@b.example --name A --password-stdin",
        "user list",
        "user disable a@b.example",
        "user enable a@b.example",
        "app create --name A",
        "app list",
        "app show c",
        "app update c --pkce optional",
        "app rotate-secret c",
        "app rotate-secret c --now",
        "app disable c",
        "app enable c",
        "app verify c --withdraw",
        "app verify c --revision 3",
        "app delete c",
        "api create --identifier https://a.example --name A --scope a=b|c",
        "api list",
        "api show https://a.example",
        "api rotate-secret https://a.example",
        "api disable https://a.example",
        "api enable https://a.example",
        "keys list",
        "keys rotate --now",
        "clock reset",
        "migrate",
        "check",
    ] {
        let line: Vec<&str> = command.split(' ').chain(common).collect();
        assert!(parse(&line).is_ok(), "{command}");
    }
}

#[test]
fn an_app_with_everything() {
    let line = [
        "app",
        "create",
        "--name",
        "나의 서비스",
        "--redirect-uri",
        "https://a.example/cb",
        "--redirect-uri",
        "http://127.0.0.1/cb",
        "--origin",
        "https://a.example",
        "--public",
        "--grant",
        "authorization_code",
        "--grant",
        "refresh_token",
        "--grant",
        "client_credentials",
        "--grant",
        "device_code",
        "--required-scope",
        "openid",
        "--optional-scope",
        "email=일정 알림|Reminders",
        "--owner",
        "mina@example.com",
        "--id-token-alg",
        "ES256",
    ];
    let Ok(Command::App(AppCommand::Create(app))) = parse(&line) else { panic!("not understood") };
    assert_eq!(app.name, "나의 서비스");
    assert_eq!(app.redirect_uris, ["https://a.example/cb", "http://127.0.0.1/cb"]);
    assert_eq!(app.origins, ["https://a.example"]);
    assert!(app.public);
    let grants: Vec<&str> = app.grants.iter().map(|grant| grant.as_str()).collect();
    assert_eq!(grants, ["authorization_code", "refresh_token", "client_credentials", "device_code"]);
    assert_eq!(
        (app.required_scopes.as_slice(), app.optional_scopes.as_slice()),
        (&[item("openid", "", "")][..], &[item("email", "일정 알림", "Reminders")][..])
    );
    assert_eq!(app.owner.as_deref(), Some("mina@example.com"));
    assert_eq!(app.id_token_alg.as_deref(), Some("ES256"));
}

#[test]
fn a_scope_brings_its_text_in_both_languages() {
    let line = [
        "api",
        "create",
        "--identifier",
        "https://c.example",
        "--name",
        "C",
        "--token-format",
        "opaque",
        "--scope",
        "calendar.read=일정 보기|See your calendar",
    ];
    let Ok(Command::Api(ApiCommand::Create(api))) = parse(&line) else { panic!("not understood") };
    let [scope] = api.scopes.as_slice() else { panic!("one scope") };
    assert_eq!(
        (scope.scope.as_str(), scope.korean.as_str(), scope.english.as_str()),
        ("calendar.read", "일정 보기", "See your calendar")
    );
    assert_eq!(api.token_format, TokenFormat::Opaque);
    let alone: ScopeText = "calendar.read=일정 보기".parse().unwrap();
    assert_eq!((alone.korean.as_str(), alone.english.as_str()), ("일정 보기", "일정 보기"));
    for wrong in ["calendar.read", "calendar.read=", "=a|b", "a=|b", "a=b|", "a=b|c|d"] {
        assert!(wrong.parse::<ScopeText>().is_err(), "{wrong}");
    }
}

fn item(scope: &str, korean: &str, english: &str) -> ItemText {
    let [scope, korean, english] = [scope, korean, english].map(str::to_owned);
    ItemText(ScopeText { scope, korean, english })
}

#[test]
fn an_app_may_say_what_it_wants_a_scope_for() {
    for (text, expected) in [
        ("calendar.read", item("calendar.read", "", "")),
        ("calendar.read=일정 보기|See it", item("calendar.read", "일정 보기", "See it")),
        ("calendar.read=일정 보기", item("calendar.read", "일정 보기", "일정 보기")),
        ("calendar.read= 1+1=2 | a=b ", item("calendar.read", "1+1=2", "a=b")),
    ] {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
    for wrong in ["calendar.read=", "=a|b", "a=|b", "a=b|", "a=b|c|d", "="] {
        let line = ["app", "create", "--name", "A", "--optional-scope", wrong];
        assert_eq!(parse(&line).unwrap_err(), ErrorKind::ValueValidation, "{wrong}");
        assert!(wrong.parse::<ItemText>().unwrap_err().to_string().contains("=일정을 보여"));
    }
}

#[test]
fn what_is_missing_or_unknown_is_refused() {
    for (line, expected) in [
        (vec![], ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
        (vec!["serv"], ErrorKind::InvalidSubcommand),
        (vec!["serve", "--port", "1"], ErrorKind::UnknownArgument),
        (vec!["user", "create", "--email", "a@b.example", "--name", "A"], ErrorKind::MissingRequiredArgument),
        (
            vec!["user", "create", "--email", "a@b.example", "--name", "A", "--password", "x"],
            ErrorKind::UnknownArgument,
        ),
        (vec!["app", "create", "--name", "A", "--grant", "password"], ErrorKind::InvalidValue),
        (vec!["app", "show"], ErrorKind::MissingRequiredArgument),
        (vec!["api", "create", "--identifier", "x", "--name", "A"], ErrorKind::MissingRequiredArgument),
        (vec!["demo", "--port-base", "65530"], ErrorKind::ValueValidation),
        (vec!["demo", "--port-base", "80"], ErrorKind::ValueValidation),
        (vec!["simulate", "line"], ErrorKind::ValueValidation),
        (vec!["simulate", "--port-base", "65532"], ErrorKind::ValueValidation),
        (vec!["simulate", "--listen", "everywhere"], ErrorKind::ValueValidation),
        (vec!["simulate", "--redirect-uri", "localhost:8000/callback"], ErrorKind::ValueValidation),
        (vec!["simulate", "--redirect-uri", "/callback"], ErrorKind::ValueValidation),
    ] {
        assert_eq!(parse(&line).unwrap_err(), expected, "{line:?}");
    }
}

#[test]
fn the_demo() {
    let Ok(Command::Demo(demo)) = parse(&["demo", "--port-base", "7000", "--no-browser", "--data", "d"])
    else {
        panic!("not understood")
    };
    assert_eq!((demo.port_base, demo.no_browser, demo.data.as_deref()), (Some(7000), true, Some("d")));
    let Ok(Command::Demo(demo)) = parse(&["demo"]) else { panic!("not understood") };
    assert_eq!((demo.port_base, demo.no_browser, demo.data), (None, false, None));
}

#[test]
fn the_simulators() {
    let Ok(Command::Simulate(all)) = parse(&["simulate"]) else { panic!("not understood") };
    assert_eq!((all.port_base, all.providers.len(), all.listen.to_string().as_str()), (9100, 0, "127.0.0.1"));
    assert!(!all.any_client && !all.real_issuer && !all.json);
    let line =
        ["simulate", "apple", "kakao", "--port-base", "7000", "--redirect-uri", "http://localhost:1/a"];
    let Ok(Command::Simulate(two)) = parse(&line) else { panic!("not understood") };
    let names: Vec<&str> = two.providers.iter().map(|provider| provider.as_str()).collect();
    assert_eq!((names, two.redirect_uris), (vec!["apple", "kakao"], vec!["http://localhost:1/a".to_owned()]));
}

/// Every option of every command says what it is for.
#[test]
fn everything_has_a_help_text() {
    fn visit(command: &clap::Command) {
        assert!(command.get_about().is_some(), "{}", command.get_name());
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
        }
        command.get_subcommands().for_each(visit);
    }
    visit(&Cli::command());
}
