//! Loading as a whole: order of places, all mistakes together, every setting read.

use std::fs;

use mapae_protocol::locale::Locale;
use tempfile::TempDir;

use super::{setting::Setting, *};

/// A folder with a `mapae.toml` of this text, and flags that name it.
fn with_file(text: &str) -> (TempDir, Flags) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mapae.toml");
    fs::write(&path, text).unwrap();
    let flags = Flags { config: Some(path.display().to_string()), ..Flags::default() };
    (folder, flags)
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn mistakes(flags: &Flags, variables: &[(&str, &str)]) -> Vec<Mistake> {
    match Config::load(flags, &environment(variables)) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.iter().cloned().collect(),
    }
}

#[test]
fn nothing_is_needed() {
    let config = Config::load(&Flags::default(), &Environment::default()).unwrap();
    assert_eq!(config.data, PathBuf::from("./mapae-data"));
    assert_eq!(config.database.to_string(), "sqlite:./mapae-data/mapae.db");
    assert_eq!(config.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(config.site.origin(), "http://localhost:9000");
    assert_eq!(config.tokens.access_token.get(), 300);
    assert_eq!(config.tokens.refresh_absolute.get(), 30 * 86_400);
    assert_eq!(config.sessions.idle.get(), 14 * 86_400);
    assert_eq!(config.mail.mailbox, PathBuf::from("./mapae-data/mailbox"));
    assert!(
        matches!(config.keys.master_key, MasterKeySource::DataFolder(ref path) if path.ends_with("master.key"))
    );
    assert_eq!(config.limits.form_bytes, 65_536);
}

#[test]
fn the_command_line_wins_then_the_environment_then_the_file() {
    let (_folder, file) = with_file(
        "data = \"from-file\"\nlisten = \"127.0.0.1:1111\"\n[tokens]\naccess_token_seconds = 111\ncode_seconds = 11\n",
    );
    let flags = Flags { data: Some("from-flag".to_owned()), ..file };
    let variables = [
        ("MAPAE_DATA", "from-environment"),
        ("MAPAE_LISTEN", "127.0.0.1:2222"),
        ("MAPAE_TOKENS__ACCESS_TOKEN_SECONDS", "222"),
    ];
    let config = Config::load(&flags, &environment(&variables)).unwrap();
    assert_eq!(config.data, PathBuf::from("from-flag"));
    assert_eq!(config.listen.port(), 2222);
    assert_eq!(config.site.origin(), "http://localhost:2222");
    assert_eq!(config.tokens.access_token.get(), 222);
    assert_eq!(config.tokens.code.get(), 11);
}

#[test]
fn lists_from_each_place() {
    let shown = |config: &Config| config.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>();
    let (_folder, flags) = with_file("trusted_proxies = [\"10.0.0.0/8\", \"fd00::/8\"]\n");
    assert_eq!(shown(&Config::load(&flags, &Environment::default()).unwrap()), ["10.0.0.0/8", "fd00::/8"]);
    let variables = environment(&[("MAPAE_TRUSTED_PROXIES", "192.0.2.7, 10.1.0.0/16")]);
    assert_eq!(shown(&Config::load(&flags, &variables).unwrap()), ["192.0.2.7/32", "10.1.0.0/16"]);
    let flags = Flags { trusted_proxies: vec!["::1".to_owned()], ..flags };
    assert_eq!(shown(&Config::load(&flags, &variables).unwrap()), ["::1/128"]);
}

#[test]
fn op_15_all_mistakes_are_told_at_once_each_with_its_place() {
    let (_folder, flags) = with_file(
        "issuer = \"http://id.example.com\"\nnonsense = 1\n[tokens]\ncode_seconds = 601\nrefresh_idle_seconds = 3000000\n",
    );
    let flags = Flags { listen: Some("9000".to_owned()), ..flags };
    let found = mistakes(
        &flags,
        &[("MAPAE_DATABASE", "mysql://root:hunter2@localhost/x"), ("MAPAE_LOG_FORMAT", "xml")],
    );
    let places: Vec<String> = found
        .iter()
        .map(|mistake| mistake.place.to_string().rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        places,
        [
            "mapae.toml:2: nonsense",
            "MAPAE_DATABASE",
            "--listen",
            "mapae.toml:1: issuer",
            "MAPAE_LOG_FORMAT",
            "mapae.toml:4: tokens.code_seconds",
            "mapae.toml:5: tokens.refresh_idle_seconds",
        ]
    );
    for mistake in &found {
        assert!(mistake.wrong.ends_with('.') && mistake.instead.ends_with(['.', '?']), "{mistake}");
        assert!(!mistake.to_string().contains("hunter2"), "a password is repeated");
    }
}

#[test]
fn op_15_an_http_issuer_is_for_this_machine_only() {
    let open = Flags { listen: Some("0.0.0.0:9000".to_owned()), ..Flags::default() };
    let found = mistakes(&open, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].place, Place::Flag("--listen"));
    assert_eq!(mistakes(&open, &[("MAPAE_ISSUER", "https://id.example.com")]), []);
}

#[test]
fn an_issuer_is_needed_when_the_system_chooses_the_port() {
    let flags = Flags { listen: Some("127.0.0.1:0".to_owned()), ..Flags::default() };
    assert_eq!(mistakes(&flags, &[])[0].place.to_string(), "issuer (not set)");
    assert_eq!(mistakes(&flags, &[("MAPAE_ISSUER", "http://localhost:9100")]), []);
}

#[test]
fn op_15_everybody_is_no_proxy() {
    for everybody in ["0.0.0.0/0", "::/0"] {
        let flags = Flags { trusted_proxies: vec![everybody.to_owned()], ..Flags::default() };
        assert_eq!(mistakes(&flags, &[]).len(), 1, "{everybody}");
    }
}

#[test]
fn op_15_a_file_that_was_named_must_be_there() {
    let flags = Flags { config: Some("/nowhere/mapae.toml".to_owned()), ..Flags::default() };
    assert_eq!(mistakes(&flags, &[])[0].place, Place::Flag("--config"));
    let found = mistakes(&Flags::default(), &[("MAPAE_CONFIG", "/nowhere/mapae.toml")]);
    assert_eq!(found[0].place.to_string(), "MAPAE_CONFIG");
}

#[cfg(unix)]
#[test]
fn op_15_a_master_key_that_everybody_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("master.key");
    fs::write(&key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
    let in_data = Flags { data: Some(folder.path().display().to_string()), ..Flags::default() };
    let path = key.display().to_string();
    for (mode, expected) in [(0o644, 1), (0o602, 1), (0o640, 0), (0o600, 0)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(mistakes(&in_data, &[]).len(), expected, "{mode:o} in the data folder");
        let named = mistakes(&Flags::default(), &[("MAPAE_KEYS__MASTER_KEY_FILE", &path)]);
        assert_eq!(named.len(), expected, "{mode:o} named");
    }
}

#[test]
fn op_15_a_master_key_that_is_missing_weak_or_given_twice_is_refused() {
    let found = mistakes(&Flags::default(), &[("MAPAE_KEYS__MASTER_KEY_FILE", "/nowhere/key")]);
    assert_eq!(found[0].place.to_string(), "MAPAE_KEYS__MASTER_KEY_FILE");
    let found = mistakes(&Flags::default(), &[("MAPAE_MASTER_KEY", "correct-horse")]);
    assert_eq!(found[0].place.to_string(), "MAPAE_MASTER_KEY");
    assert!(!found[0].to_string().contains("correct-horse"), "the secret is repeated");
    let good = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    assert_eq!(mistakes(&Flags::default(), &[("MAPAE_MASTER_KEY", good)]), []);
    let found = mistakes(
        &Flags::default(),
        &[("MAPAE_MASTER_KEY", good), ("MAPAE_KEYS__MASTER_KEY_FILE", "/dev/null")],
    );
    assert!(found.iter().any(|mistake| mistake.place.to_string() == "MAPAE_MASTER_KEY"), "{found:?}");
}

/// A value of a kind that no setting has is a mistake at every setting that is read: so all of them are.
#[test]
fn every_setting_is_read() {
    for setting in setting::all() {
        let (_folder, flags) = with_file(&file_with_nonsense(setting));
        let variables = if setting.in_file() { vec![] } else { vec![("MAPAE_MASTER_KEY", "nonsense")] };
        let found = mistakes(&flags, &variables);
        assert_eq!(found.len(), 1, "{}: {found:?}", setting.path());
        assert!(
            found[0].place.to_string().contains(&setting.key.to_uppercase())
                || found[0].place.to_string().contains(setting.key)
        );
    }
}

fn file_with_nonsense(setting: &Setting) -> String {
    match (setting.in_file(), setting.section) {
        (false, _) => String::new(),
        (true, "") => format!("{} = 1.5\n", setting.key),
        (true, section) => format!("[{section}]\n{} = 1.5\n", setting.key),
    }
}

#[test]
fn mistakes_are_readable_and_serialize() {
    let flags = Flags { listen: Some("here".to_owned()), ..Flags::default() };
    let mistakes = Config::load(&flags, &environment(&[("MAPAE_LISTN", "x")])).unwrap_err();
    assert_eq!(
        mistakes.to_string(),
        "2 mistakes in the configuration:\n\n  \
         MAPAE_LISTN\n      There is no such setting.\n      Did you mean MAPAE_LISTEN?\n\n  \
         --listen\n      \"here\" is not an IP address with a port.\n      \
         Write for example 127.0.0.1:9000, or [::1]:9000."
    );
    let json = serde_json::to_value(mistakes.iter().next()).unwrap();
    assert_eq!(json["place"], "MAPAE_LISTN");
}

#[test]
fn each_upstream_is_a_table_with_its_secrets_in_files() {
    let secrets = tempfile::tempdir().unwrap();
    let secret = secrets.path().join("kakao");
    fs::write(&secret, "s3cret\n").unwrap();
    let (_folder, flags) = with_file(&format!(
        "issuer = \"https://id.example\"\n[[upstream]]\nprovider = \"kakao\"\nclient_id = \"key\"\nclient_secret_file = {secret:?}\n\
         credential_files = [\"admin_key={}\"]\nopenid = \"off\"\n\n\
         [[upstream]]\nprovider = \"oidc\"\nname = \"company\"\nclient_id = \"mapae\"\nissuer = \"https://sso.example\"\n\
         scopes = [\"openid\", \"email\"]\nlabel = \"우리 회사\"\n",
        secret.display()
    ));
    let config = Config::load(&flags, &Environment::default()).unwrap();
    let [kakao, company] = config.upstreams.as_slice() else { panic!("{:?}", config.upstreams) };
    assert_eq!((kakao.name.as_str(), kakao.options.without_openid), ("kakao", true));
    assert_eq!(kakao.secrets.client_secret.as_ref().unwrap().expose(), "s3cret");
    assert_eq!(kakao.secrets.credentials["admin_key"].expose(), "s3cret");
    assert_eq!(kakao.redirect_uri(&config.site), "https://id.example/upstream/kakao/callback");
    assert_eq!(company.options.scopes.as_deref(), Some("openid email"));
    assert_eq!((company.name.as_str(), company.options.label.as_deref()), ("company", Some("우리 회사")));
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn op_15_a_value_of_a_definition_is_one_that_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("facebook");
    fs::write(&secret, "s3cret\n").unwrap();
    let with = |vars: &str| {
        with_file(&format!(
            "[[upstream]]\nprovider = \"facebook\"\nclient_id = \"1\"\nclient_secret_file = {secret:?}\nvars = {vars}\n"
        ))
    };
    let (_folder, flags) = with("[\"version=v26.0\"]");
    let config = Config::load(&flags, &Environment::default()).unwrap();
    let [facebook] = config.upstreams.as_slice() else { panic!("{:?}", config.upstreams) };
    assert_eq!(facebook.options.vars["version"], "v26.0");
    for (vars, instead) in [
        ("[\"verison=v26.0\"]", "Write one of version,"),
        ("[\"version\"]", "Write each as NAME=VALUE."),
        ("\"version=v26.0\"", "Write a list"),
        ("[\"version={version}\"]", "version=v25.0"),
    ] {
        let (_folder, flags) = with(vars);
        let found = mistakes(&flags, &[]);
        assert!(found[0].place.to_string().ends_with(":5: upstream.vars"), "{found:?}");
        assert!(found[0].instead.contains(instead), "{found:?}");
    }
}

#[test]
fn op_15_terms_are_tables_with_every_mistake_told() {
    let (_folder, flags) = with_file(
        "[[terms]]\nid = \"service\"\nversion = \"2026-11-01\"\ntitle_ko = \"이용약관\"\ntitle_en = \"Terms\"\n\
         address_ko = \"https://id.example/terms\"\n[[terms]]\nid = \"news\"\nversion = \"1\"\nrequired = \"off\"\n\
         title_ko = \"소식\"\ntitle_en = \"News\"\n",
    );
    let config = Config::load(&flags, &Environment::default()).unwrap();
    let [service, news] = config.terms.as_slice() else { panic!("{:?}", config.terms) };
    assert_eq!((service.is_required(), news.is_required()), (true, false));
    assert_eq!((service.version(), news.title(Locale::En)), ("2026-11-01", "News"));
    assert_eq!(service.address(Locale::En), Some("https://id.example/terms"), "in the other language");
    let (_folder, flags) = with_file(
        "[[terms]]\nid = \"Service\"\nversion = 1\ntitle_ko = \"이용약관\"\nadress_ko = \"x\"\naddress_en = \"javascript:alert(1)\"\n\
         [[terms]]\nid = \"a\"\nversion = \"1\"\ntitle_ko = \"가\"\ntitle_en = \"A\"\nrequired = \"maybe\"\n\
         [[terms]]\nid = \"a\"\nversion = \"2\"\ntitle_ko = \"가\"\ntitle_en = \"A\"\n",
    );
    let found: Vec<String> = mistakes(&flags, &[]).iter().map(|mistake| mistake.place.to_string()).collect();
    for end in [
        ":2: terms.id",
        ":3: terms.version",
        ":1: terms.title_en",
        ":5: terms.adress_ko",
        ":6: terms.address_en",
        ":12: terms.required",
        ":14: terms.id",
    ] {
        assert!(found.iter().any(|place| place.ends_with(end)), "{end}: {found:?}");
    }
    let (_folder, one_bracket) = with_file("[terms]\nid = \"a\"\n");
    assert!(mistakes(&one_bracket, &[])[0].instead.contains("[[terms]]"));
}

#[test]
fn an_upstream_may_bring_its_definition_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("octopus.toml");
    let text = include_str!("../../../client/providers/github.toml").replacen(
        "id = \"github\"",
        "id = \"octopus\"",
        1,
    );
    fs::write(&file, &text).unwrap();
    let table = |more: &str| {
        format!(
            "[[upstream]]\ndefinition = {file:?}\nclient_id = \"x\"\nclient_secret_file = {file:?}\n{more}"
        )
    };
    fs::write(folder.path().join("secret"), "s3cret\n").unwrap();
    let table = |more: &str| {
        table(more).replacen(
            &format!("client_secret_file = {file:?}"),
            &format!("client_secret_file = {:?}", folder.path().join("secret")),
            1,
        )
    };
    let (_file, flags) = with_file(&table(""));
    let config = Config::load(&flags, &Environment::default()).unwrap();
    let [octopus] = config.upstreams.as_slice() else { panic!("{:?}", config.upstreams) };
    assert_eq!((octopus.name.as_str(), octopus.provider.as_str()), ("octopus", "octopus"));
    assert_eq!(octopus.options.definition.as_deref(), Some(text.as_str()));
    let (_file, other) = with_file(&table("provider = \"github\"\n"));
    assert!(mistakes(&other, &[])[0].place.to_string().ends_with("upstream.provider"));
    fs::write(&file, "schema = 1\n").unwrap();
    let (_file, broken) = with_file(&table(""));
    let found = mistakes(&broken, &[]);
    assert!(found[0].place.to_string().ends_with("upstream.definition"), "{found:?}");
}

#[test]
fn op_15_every_mistake_in_an_upstream_is_told_with_its_line() {
    let (_folder, flags) = with_file(
        "[[upstream]]\nprovider = \"orkut\"\nclient_id = \"x\"\n[[upstream]]\nprovder = \"kakao\"\nclient_id = 1\n\
         client_secret_file = \"/nowhere\"\n[[upstream]]\nprovider = \"naver\"\nclient_id = \"x\"\nopenid = \"perhaps\"\n",
    );
    let found: Vec<String> = mistakes(&flags, &[]).iter().map(|mistake| mistake.place.to_string()).collect();
    let ends = |end: &str| found.iter().any(|place| place.ends_with(end));
    for end in [
        ":2: upstream.provider",
        ":5: upstream.provder",
        ":4: upstream.provider",
        ":6: upstream.client_id",
        ":7: upstream.client_secret_file",
        ":11: upstream.openid",
    ] {
        assert!(ends(end), "{end}: {found:?}");
    }
    let (_folder, one_bracket) = with_file("[upstream]\nprovider = \"kakao\"\n");
    assert!(mistakes(&one_bracket, &[])[0].instead.contains("[[upstream]]"));
}
