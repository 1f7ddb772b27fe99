//! A web service that is a client, as a process of its own: to be started twice over one vault, and to be killed.
//!
//! ```text
//! client-service ISSUER CLIENT_ID CLIENT_SECRET VAULT PORT OWN_PORT
//! ```
//!
//! `PORT` is that of the redirect URI, `OWN_PORT` where this process listens. While there is a file beside the vault whose
//! name ends in `.pause`, the service stops where it looks for an account: the person is proved, and nothing is kept yet.

use std::{env, io::Write as _, path::PathBuf};

use axum::{
    Router,
    extract::{Query, State},
    routing::get,
};
use mapae_client::{
    AccessError, Accounts, Answers, BoxError, Client, ClientRegistration, CreateError, EndUser, Identity,
    Provider, ProviderSettings, SignedIn, Vault, axum::routes, observe::mask,
};
use serde::Deserialize;
use tokio::net::TcpListener;

/// Everybody whom the provider knows is a user.
struct Everybody {
    pause: PathBuf,
}

impl Accounts for Everybody {
    type User = String;

    async fn find(&self, person: &EndUser) -> Result<Option<String>, BoxError> {
        if self.pause.exists() {
            say("proved")?;
            std::future::pending::<()>().await;
        }
        Ok(Some(person.subject().to_owned()))
    }

    async fn create(&self, identity: &Identity, _: &Answers) -> Result<String, CreateError> {
        Ok(identity.person().subject().to_owned())
    }
}

#[derive(Deserialize)]
struct Reads {
    times: usize,
}

async fn me(SignedIn { user, .. }: SignedIn<String>) -> String {
    user
}

/// Reads the person's access token so often at once, and says what came of it: each different outcome once.
async fn reads(
    State(client): State<Client<String>>,
    Query(Reads { times }): Query<Reads>,
    SignedIn { person, .. }: SignedIn<String>,
) -> String {
    let readers: Vec<_> = (0..times)
        .map(|_| {
            let (client, person) = (client.clone(), person.clone());
            tokio::spawn(async move { client.access_token(&person).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for reader in readers {
        outcomes.push(match reader.await {
            Ok(Ok(token)) => mask(token.expose()),
            Ok(Err(AccessError::SignInAgain)) => "sign in again".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        });
    }
    outcomes.sort();
    outcomes.dedup();
    outcomes.join("\n")
}

fn say(what: &str) -> Result<(), BoxError> {
    let mut output = std::io::stdout();
    writeln!(output, "{what}")?;
    Ok(output.flush()?)
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [issuer, client_id, client_secret, vault, port, own_port] = arguments.as_slice() else {
        return Err("say ISSUER CLIENT_ID CLIENT_SECRET VAULT PORT OWN_PORT".into());
    };
    let registration = ClientRegistration::new(client_id, format!("http://localhost:{port}/callback"))
        .with_secret(client_secret)
        .with_scopes("openid offline_access");
    let provider =
        Provider::discover(issuer, registration, ProviderSettings::new("mapae").for_development())?;
    let everybody = Everybody { pause: PathBuf::from(format!("{vault}.pause")) };
    let client = Client::builder(Vault::open(vault)?, everybody).name("shop").provider(provider).build()?;
    let app = Router::new().route("/me", get(me)).route("/reads", get(reads));
    let app = app.merge(routes(&client)).with_state(client);
    let listener = TcpListener::bind(format!("127.0.0.1:{own_port}")).await?;
    say("ready")?;
    Ok(axum::serve(listener, app).await?)
}
