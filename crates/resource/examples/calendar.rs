//! A calendar API behind access tokens.
//!
//! ```text
//! mapae api create --identifier http://localhost:4000 --name Calendar --scope "calendar.read=일정 보기|See your calendar"
//! cargo run -p mapae-resource --example calendar -- http://localhost:9000 http://localhost:4000 CLIENT_ID SECRET_FILE
//! ```

use std::{error::Error, fs};

use axum::{Json, Router, routing::get};
use mapae_resource::{Authorized, ResourceServer, require};
use serde_json::{Value, json};
use tokio::net::TcpListener;

async fn events(caller: Authorized) -> Json<Value> {
    Json(
        json!({ "events": [], "of": caller.subject(), "asked_by": caller.client_id(), "scope": caller.scopes() }),
    )
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [issuer, identifier, client_id, secret_file] = arguments.as_slice() else {
        return Err("say ISSUER IDENTIFIER CLIENT_ID SECRET_FILE".into());
    };
    let resource = ResourceServer::builder(issuer, identifier)
        .credential(client_id, fs::read_to_string(secret_file)?.trim_end())
        .scopes(["calendar.read"])
        .build()?;
    let status = resource.clone();
    let public = Router::new().route("/health", get(async move || format!("{:?}", status.status())));
    let routes = Router::new().route("/events", get(events).layer(require("calendar.read")));
    let listener = TcpListener::bind("127.0.0.1:4000").await?;
    Ok(axum::serve(listener, public.merge(resource.protect(routes))).await?)
}
