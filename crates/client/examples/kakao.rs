//! "Login with Kakao" in one file, without keys and without internet.
//!
//! ```text
//! cargo run --release -- simulate kakao                  # Kakao at http://localhost:9100
//! cargo run --release -p mapae-client --example kakao    # in another terminal; then open http://localhost:3000/login
//! ```
//!
//! With the keys of your app at developers.kakao.com it is the same program without `.at(…)`. If OpenID Connect is switched off
//! there, write `.without_openid()` in its place.

use axum::{Router, routing::get};
use mapae_client::{
    Accounts, Answers, BoxError, Client, ClientRegistration, CreateError, Definition, EndUser, Identity,
    Provider, ProviderSettings, SignedIn, Vault, axum::routes,
};
use tokio::net::TcpListener;

/// Everybody whom Kakao knows has an account; a real service looks into its own database here.
struct Everybody;

impl Accounts for Everybody {
    type User = String;

    async fn find(&self, person: &EndUser) -> Result<Option<String>, BoxError> {
        Ok(Some(person.subject().to_owned()))
    }

    async fn create(&self, identity: &Identity, _: &Answers) -> Result<String, CreateError> {
        Ok(identity.person().subject().to_owned())
    }
}

async fn home(SignedIn { user, .. }: SignedIn<String>) -> String {
    format!("안녕하세요, {user} 님\n")
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    // What `mapae simulate kakao` prints.
    let app = ClientRegistration::new("mapaekakaorestapikey000000000001", "http://localhost:3000/callback")
        .with_secret("mapaekakaoclientsecret0000000001");
    let simulated = Definition::named("kakao")?.at("http://localhost:9100");
    let kakao = Provider::new(simulated, app, ProviderSettings::new("kakao"))?;
    let vault = Vault::open(std::env::temp_dir().join("mapae-example-kakao.db"))?;
    let client = Client::builder(vault, Everybody).provider(kakao).build()?;
    let app = Router::new().route("/", get(home)).merge(routes(&client)).with_state(client);
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://localhost:3000/login");
    Ok(axum::serve(listener, app).await?)
}
