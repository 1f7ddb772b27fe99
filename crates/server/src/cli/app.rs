//! `mapae app`.

use clap::{
    Args, Subcommand,
    builder::{PossibleValue, PossibleValuesParser},
};

use super::{Common, ItemText, MetadataChoices, SecurityChoices, SubjectTypeName, UpdateApp};
use crate::{
    grant_types::{GRANT_TYPES, GrantType, short_name},
    keys::ALGORITHMS,
};

/// Register and manage apps: the clients of OAuth.
#[derive(Debug, Subcommand)]
pub enum AppCommand {
    /// Register an app; prints its client_id and, once, its client_secret
    Create(Box<CreateApp>),
    /// List all apps
    List(Common),
    /// Show one app
    Show(OneApp),
    /// Change an app: its name, addresses, scopes, owner, and how it proves itself
    Update(Box<UpdateApp>),
    /// Give an app a new client_secret, which is printed once; the old one is good for 24 more hours
    ///
    /// That is the time to give the new one to all of the app's servers, one after another. A second rotation ends the
    /// secret before the first at once. A secret that has leaked is replaced with --now.
    RotateSecret(RotateSecret),
    /// Switch an app off: nothing that it holds works any longer, and its owner cannot switch it on
    Disable(OneApp),
    /// End what `disable` began; an app that its owner has switched off in the console stays off
    Enable(OneApp),
    /// Verify an app of somebody else, after a look at its name, icon and addresses
    ///
    /// Until then people are told that nobody has checked it, and its errors are shown to them before they are
    /// led to it. When its owner changes what you looked at, it has to be looked at again: name the revision that
    /// `mapae app show` tells with --revision, so that you verify nothing that you have not seen.
    Verify(VerifyApp),
    /// Delete an app with everything that people gave it
    ///
    /// Its users' ids are lost with it: registered again, it would see them as strangers.
    Delete(OneApp),
}

/// Register an app.
///
/// Web and native apps name their redirect URIs and ask people for scopes. A machine app has the grant
/// client_credentials alone, and its scopes are what it may ask for.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  a web service       mapae app create --name \"나의 서비스\" --redirect-uri https://my.example/callback \\
                        --grant authorization_code --grant refresh_token \\
                        --required-scope openid --required-scope email \\
                        --optional-scope \"calendar.read=일정을 보여 드리기 위해|To show your calendar\"
  an app in a browser mapae app create --name Notes --public --redirect-uri https://notes.example/ \\
                        --origin https://notes.example
  a native app        mapae app create --name CLI --public --redirect-uri http://127.0.0.1/callback
  a television        mapae app create --name TV --public \\
                        --grant device_code --grant refresh_token --optional-scope profile \\
                        --optional-scope email --optional-scope offline_access
  a bank              mapae app create --name Bank --redirect-uri https://bank.example/callback \\
                        --profile fapi2_security --jwks-file keys.json
  a machine           mapae app create --name Reports --grant client_credentials \\
                        --required-scope calendar.read")]
pub struct CreateApp {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// Name that people see when they are asked to agree
    #[arg(long, value_name = "NAME")]
    pub name: String,

    /// Where codes are sent, byte for byte as the app will ask; may be repeated
    ///
    /// https, or http on localhost, 127.0.0.1 and [::1], or the private scheme of a native app. On 127.0.0.1 and
    /// [::1] a public app may use any port.
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub redirect_uris: Vec<String>,

    /// Origin of pages that may read answers in the browser; may be repeated
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub origins: Vec<String>,

    /// The app cannot keep a secret: it runs in a browser or on people's machines
    #[arg(long)]
    pub public: bool,

    /// What the app may use; may be repeated [default: authorization_code and refresh_token]
    #[arg(long = "grant", value_name = "GRANT", value_parser = grant_types())]
    pub grants: Vec<String>,

    /// Scope without which the app does not work: people agree to it or leave; may be repeated
    ///
    /// People read the scopes in the order in which they are written, required ones first, and with each its purpose
    /// if one is written after it, in Korean and English. One text alone is read in both languages. A request that
    /// names no scope asks for the required ones; openid is always one of them for apps that sign people in.
    #[arg(long = "required-scope", value_name = "SCOPE[=KOREAN|ENGLISH]")]
    pub required_scopes: Vec<ItemText>,

    /// Scope that people may leave out; may be repeated, and written like a required one
    ///
    /// offline_access lets refresh tokens live on when people sign out; without it they end with the session.
    /// Whoever names no scope at all gets openid, and profile and email as optional ones.
    #[arg(long = "optional-scope", value_name = "SCOPE[=KOREAN|ENGLISH]")]
    pub optional_scopes: Vec<ItemText>,

    /// E-mail address of the account that manages the app in the console
    #[arg(long, value_name = "E-MAIL")]
    pub owner: Option<String>,

    /// Verify the app, although somebody else owns it; see `mapae app verify`
    #[arg(long, requires = "owner")]
    pub verified: bool,

    /// What its ID tokens are signed with [default: RS256; ES256 with a profile]
    ///
    /// RS256 is known to every client, ES256 is small and fast, PS256 and EdDSA are known to few.
    #[arg(long, value_name = "ALGORITHM", value_parser = algorithms())]
    pub id_token_alg: Option<String>,

    /// How the app knows people: by ids of its own, or by those that all public-id apps share; for ever
    #[arg(long, value_name = "KIND", value_enum, default_value_t = SubjectTypeName::Pairwise)]
    pub subject_type: SubjectTypeName,

    /// What it chooses.
    #[command(flatten)]
    pub security: SecurityChoices,

    /// What else it registers.
    #[command(flatten)]
    pub metadata: MetadataChoices,
}

/// Give an app a new secret.
#[derive(Args, Clone, Debug)]
pub struct RotateSecret {
    /// The app.
    #[command(flatten)]
    pub app: OneApp,

    /// The secret has leaked: end it at once, and void everything that was issued to the app so far
    ///
    /// Access tokens, refresh tokens and codes end, on all servers within a second. The app does not work until it has
    /// the new secret, and then it sends people here once more.
    #[arg(long)]
    pub now: bool,
}

/// Verify an app.
#[derive(Args, Clone, Debug)]
pub struct VerifyApp {
    /// The app.
    #[command(flatten)]
    pub app: OneApp,

    /// Verify it only as it was at this revision, which `mapae app show` tells
    ///
    /// Its owner may have changed it since you looked: then nothing is done, and you are told to look again.
    #[arg(long, value_name = "NUMBER", conflicts_with = "withdraw")]
    pub revision: Option<i64>,

    /// Take that back: it is verified no longer
    #[arg(long)]
    pub withdraw: bool,
}

/// The registered names of the algorithms of ID tokens (RFC 7518 §3.1).
pub(super) fn algorithms() -> PossibleValuesParser {
    ALGORITHMS.iter().map(|algorithm| PossibleValue::new(algorithm.as_str())).into()
}

/// The names of all grant types, with what each is for.
fn grant_types() -> PossibleValuesParser {
    let value = |grant_type: &&dyn GrantType| {
        let value = PossibleValue::new(short_name(*grant_type)).help(grant_type.terms().meaning);
        value.alias(grant_type.name())
    };
    GRANT_TYPES.iter().map(value).into()
}

/// One app.
#[derive(Args, Clone, Debug)]
pub struct OneApp {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// The app's client_id, as `mapae app list` shows it
    #[arg(value_name = "CLIENT_ID")]
    pub client_id: String,
}
