//! A grant type that only tests have: the recipe of `CONTRIBUTING.md`, as far as a toy can follow it.
//!
//! It is this file and its line in [`GRANT_TYPES`](super::GRANT_TYPES), and nothing else knows it: discovery, registration,
//! the console, the command line and the token endpoint derive from the slice. It is for an app alone, so it inserts no grant
//! and asks nobody's epochs, and what it gives can be had twice.

use async_trait::async_trait;
use mapae_protocol::error::{ErrorCode, OAuthError};

use super::{Decision, GrantType, Issue, Refusal, Role, Terms, TokenContext};
use crate::{
    fault::Fault,
    issue::{AccessTokenContext, AccessTokenPlan, resolve_audience},
    store::Unit,
};

/// The name on the wire.
const TOY: &str = "urn:example:grant-type:toy";

/// `grant_type=urn:example:grant-type:toy`: a token for the magic word.
#[derive(Debug)]
pub(super) struct ToyGrant;

#[async_trait]
impl GrantType for ToyGrant {
    fn name(&self) -> &'static str {
        TOY
    }

    fn terms(&self) -> Terms {
        Terms {
            role: Role::ForItself,
            meaning: "a toy: a token for the magic word",
            // Those of another one; a real grant type has two texts of its own in each language.
            words: ["grant.machine", "grant.machine_hint"],
        }
    }

    async fn decide(&self, cx: &TokenContext<'_>) -> Result<Decision, Fault> {
        let word = match cx.params.one("word") {
            Ok(word) => word,
            Err(repeated) => return Ok(Refusal::of(repeated).into()),
        };
        Ok(spoken(word).map_err(Refusal::of).and_then(|()| issue(cx)).unwrap_or_else(Decision::from))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("no word")]
    Missing,
    #[error("not the magic word")]
    NotMagic,
}

impl From<Refused> for OAuthError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Missing => Self::new(ErrorCode::InvalidRequest, "word is missing"),
            Refused::NotMagic => Self::new(ErrorCode::InvalidGrant, "it is not the magic word"),
        }
    }
}

/// The decision: pure.
fn spoken(word: Option<&str>) -> Result<(), Refused> {
    match word {
        Some("please") => Ok(()),
        Some(_) => Err(Refused::NotMagic),
        None => Err(Refused::Missing),
    }
}

fn issue(cx: &TokenContext<'_>) -> Result<Decision, Refusal> {
    let scopes = cx.client.allowed();
    let audiences = resolve_audience(&cx.app.catalog().apis(), scopes, None).map_err(Refusal::of)?;
    let access = AccessTokenContext {
        keys: cx.keys,
        issuer: cx.app.issuer(),
        audiences: &audiences,
        scopes,
        lifetime: cx.app.config().tokens.access_token,
        key: cx.key,
        now: cx.now,
    };
    Ok(Issue {
        unit: Unit::new(),
        access_token: AccessTokenPlan::for_app(&access, cx.client.id(), cx.client.epoch()),
        id_token: None,
        refresh_token: None,
        scope: scopes.clone(),
        issued_token_type: None,
        noted: None,
    }
    .into())
}

mod tests {
    use std::{collections::BTreeMap, fs, path::Path};

    use axum::{
        body::{Body, to_bytes},
        extract::{Request, State},
        http::{HeaderMap, StatusCode, header},
        response::Response,
    };
    use clap::Parser as _;
    use mapae_protocol::{digest::sha256_base64url, time::Timestamp};
    use serde_json::Value;

    use super::*;
    use crate::{
        app::App,
        cli::{AppCommand, Cli, Command},
        clock::Clock,
        endpoints::{discovery, token},
        jobs::tests::server,
        store::{
            app_secrets::NewSecret,
            apps::{self, AppLists, AppSettings, NewApp},
        },
    };

    const SECRET: &str = "the secret of a toy";

    /// An app that is registered for the toy and nothing else.
    async fn register(app: &App) {
        let new = NewApp {
            id: "app_toy".to_owned(),
            owner_id: None,
            settings: AppSettings {
                name: "toy".to_owned(),
                icon: None,
                homepage: None,
                public: false,
                grant_types: TOY.to_owned(),
                token_endpoint_auth_method: None,
                id_token_alg: "RS256".to_owned(),
                subject_type: "pairwise".to_owned(),
                pkce_required: true,
                rotate_refresh: true,
                held_members: String::new(),
            },
            lists: AppLists {
                redirect_uris: Vec::new(),
                origins: Vec::new(),
                scopes: Vec::new(),
                metadata: BTreeMap::new(),
            },
            secret: Some(NewSecret {
                id: "sec_toy".to_owned(),
                hash: sha256_base64url(SECRET).into(),
                sealed: None,
            }),
        };
        app.db().commit(apps::insert(&new, app.now())).await.unwrap();
        app.catch_up().await.unwrap();
    }

    async fn json(response: Response) -> (StatusCode, Value) {
        let status = response.status();
        let body = to_bytes(response.into_body(), 100_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn ask(app: &App, word: &str) -> (StatusCode, Value) {
        let form =
            format!("grant_type={TOY}&client_id=app_toy&client_secret={}{word}", SECRET.replace(' ', "+"));
        let request = Request::post("/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form));
        json(token::token(State(app.clone()), request.unwrap()).await).await
    }

    #[tokio::test]
    async fn the_recipe_for_a_grant_type_is_one_file_and_one_line() {
        let (app, _folder) = server(Clock::manual(Timestamp::from_unix(1_800_000_000))).await;
        register(&app).await;
        let (status, answer) = ask(&app, "&word=please").await;
        assert_eq!((status, &answer["token_type"]), (StatusCode::OK, &Value::from("Bearer")), "{answer}");
        assert_eq!(ask(&app, "&word=now").await.1["error"], "invalid_grant");
        assert_eq!(ask(&app, "").await.1["error"], "invalid_request");
        assert_eq!(ask(&app, "&word=please&word=please").await.1["error"], "invalid_request");
        // What derives from the slice has it, too.
        let (_, metadata) = json(discovery::oauth_metadata(State(app.clone()), HeaderMap::new()).await).await;
        assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&TOY.into()), "{metadata}");
        let line = ["mapae", "app", "create", "--name", "toy", "--grant", "toy"];
        let Command::App(AppCommand::Create(made)) = Cli::try_parse_from(line).unwrap().command else {
            panic!("not understood")
        };
        assert_eq!(made.grants, ["toy"]);
        assert_eq!(super::super::whole_name("toy"), TOY);
    }

    /// A recipe that names a file or a slice that is not there leads nowhere.
    #[test]
    fn every_file_that_a_recipe_names_is_there() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let page = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
        let recipes = page.split("## Recipes").nth(1).expect("the recipes").split("\n## ").next().unwrap();
        let named: Vec<&str> = recipes.split('`').skip(1).step_by(2).collect();
        let mut files = 0;
        for name in &named {
            if name.contains('/') && !name.contains('<') && !name.contains(' ') {
                assert!(root.join(name).exists(), "{name}");
                files += 1;
            }
        }
        assert!(files >= 12, "{named:?}");
        for (slice, file) in [
            ("GRANT_TYPES: &[&dyn ", "crates/server/src/grant_types/mod.rs"),
            ("METHODS: &[&dyn ", "crates/server/src/client_auth/mod.rs"),
            ("MODES: &[&dyn ", "crates/protocol/src/response_mode/mod.rs"),
            ("PROVIDERS: &[CompiledIn]", "crates/client/src/definition/mod.rs"),
        ] {
            assert!(named.contains(&slice.split(':').next().unwrap()), "{slice}");
            let source = fs::read_to_string(root.join(file)).unwrap();
            assert!(source.contains(&format!("const {slice}")), "{slice}");
        }
    }
}
