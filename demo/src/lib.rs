//! All the parties of OAuth beside the authorization server, to be watched: a web service that is a client, a
//! calendar API that is a resource server, and a live sequence diagram of every message.
//!
//! ```no_run
//! use axum::Router;
//! use mapae_demo::{ApiSettings, Doors, OtherClients, Settings, Stage, flow::{Lifeline, Tap}, start};
//!
//! # fn authorization_server() -> Router { Router::new() }
//! # async fn serve(router: Router) {}
//! # async fn register(redirect_uri: &str, api: &str) -> (String, String) { Default::default() }
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let stage = Stage::new();
//! let doors = Doors::open(3000, 4000).await?;
//! let router = authorization_server().layer(Tap::new(&stage, Lifeline::AuthorizationServer));
//! serve(router).await;
//! let (client_id, client_secret) = register(&doors.redirect_uri(), &doors.api_url()).await;
//! let api = ApiSettings {
//!     identifier: doors.api_url(),
//!     client_id: "the API's".to_owned(),
//!     client_secret: "its secret".to_owned().into(),
//! };
//! let running = start(doors, Settings {
//!     issuer: "http://localhost:9000".to_owned(),
//!     client_id,
//!     client_secret: client_secret.into(),
//!     api,
//!     others: OtherClients {
//!         browser_app_id: "a page's".to_owned(),
//!         native_app_id: "a program's".to_owned(),
//!         back_end_id: "a machine's".to_owned(),
//!         back_end_secret: "its secret".to_owned().into(),
//!     },
//!     providers: Vec::new(),
//!     data: "mapae-data/demo".into(),
//!     stage,
//! })?;
//! running.ready().await;
//! println!("{} {}", running.service_url, running.flow_url);
//! running.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! It speaks to the authorization server over HTTP like anybody else, with `mapae-client` and `mapae-resource`, and
//! knows nothing of its inside. The [`Tap`](flow::Tap) around the server's router lets the diagram show what browsers
//! ask of it.

mod api;
mod database;
mod doors;
mod experiments;
pub mod flow;
pub mod preview;
mod running;
mod settings;
mod site;
mod today;

pub use database::DatabaseError;
pub use doors::{Doors, PortTaken};
pub use flow::Stage;
pub use running::{Running, StartError, start};
pub use settings::{
    API_SCOPES, APP_NAME, APP_SCOPES, ApiScope, ApiSettings, DemoScope, OTHER_SCOPES, OtherClients, Settings,
    SocialProvider,
};
