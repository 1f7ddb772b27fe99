//! An MCP server behind access tokens: streamable HTTP, two tools, a scope for each — RFC 9728 §5.1, RFC 6750 §3.1.
//!
//! ```text
//! cargo run -p mapae-resource --example mcp_server -- http://localhost:9000 http://localhost:4001/mcp CLIENT_ID SECRET_FILE
//! ```
//!
//! The server needs settings for it, and an API with these scopes: `docs/manual/mcp.md` has every step. Whoever connects is
//! told where to sign in, and asks for `notes.read` first. When a tool needs `notes.write`, a client with a metadata document
//! asks for that, too; one that registered itself for `notes.read` alone cannot.

use std::{
    error::Error,
    fs,
    net::Ipv4Addr,
    sync::{Mutex, PoisonError},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header::ORIGIN},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::post,
};
use mapae_resource::{Authorized, Require, ResourceServer, require};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Of the protocol (MCP, Lifecycle: version negotiation).
const VERSION: &str = "2025-06-18";
/// Longest message that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// Whose note it is, and what it says. A real server has a database.
static NOTES: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// The text at a place in a message.
fn text<'m>(message: &'m Value, place: &str) -> Option<&'m str> {
    message.pointer(place)?.as_str()
}

/// What a message needs beyond a valid token. All of it is named, so that a client that asks anew loses nothing.
fn needed(message: &Value) -> Option<Require> {
    match (text(message, "/method"), text(message, "/params/name")) {
        (Some("tools/call"), Some("add_note")) => Some(require("notes.read").and("notes.write")),
        (Some("tools/call"), _) => Some(require("notes.read")),
        _ => None,
    }
}

fn tools() -> Value {
    let text =
        json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] });
    json!({ "tools": [
        { "name": "list_notes", "description": "Lists your notes", "inputSchema": { "type": "object" } },
        { "name": "add_note", "description": "Writes a note", "inputSchema": text },
    ] })
}

fn call(caller: &Authorized, parameters: &Value) -> Option<Value> {
    let mut notes = NOTES.lock().unwrap_or_else(PoisonError::into_inner);
    let owner = caller.subject();
    let said = match text(parameters, "/name")? {
        "list_notes" => {
            let own = notes.iter().filter(|(of, _)| of == owner).map(|(_, note)| note.as_str());
            own.collect::<Vec<_>>().join("\n")
        }
        "add_note" => {
            notes.push((owner.to_owned(), text(parameters, "/arguments/text")?.to_owned()));
            "written".to_owned()
        }
        _ => return None,
    };
    Some(json!({ "content": [{ "type": "text", "text": said }] }))
}

fn result(caller: &Authorized, message: &Value) -> Option<Value> {
    match text(message, "/method")? {
        "initialize" => Some(json!({
            // Whoever speaks another one ends here, by MCP's rules for versions.
            "protocolVersion": VERSION,
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "notes", "version": env!("CARGO_PKG_VERSION") },
        })),
        "ping" => Some(json!({})),
        "tools/list" => Some(tools()),
        "tools/call" => call(caller, message.get("params")?),
        _ => None,
    }
}

async fn take(caller: Authorized, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LONGEST).await.ok();
    let message = body.and_then(|body| serde_json::from_slice::<Value>(&body).ok());
    let Some(message) = message.filter(Value::is_object) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if let Some(refused) = needed(&message).and_then(|needed| needed.refusal(&head.extensions)) {
        return refused.map(Body::new);
    }
    let Some(id) = message.get("id") else { return StatusCode::ACCEPTED.into_response() };
    let unknown = json!({ "code": -32601, "message": "no such method or tool" });
    let answer = match result(&caller, &message) {
        Some(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        None => json!({ "jsonrpc": "2.0", "id": id, "error": unknown }),
    };
    Json(answer).into_response()
}

/// Pages of other sites are turned away, whatever name they found for this machine (MCP, Transports: Security Warning).
async fn from_no_other_site(State(own): State<String>, request: Request, next: Next) -> Response {
    match request.headers().get(ORIGIN) {
        Some(origin) if origin.as_bytes() != own.as_bytes() => StatusCode::FORBIDDEN.into_response(),
        _ => next.run(request).await,
    }
}

/// `http://localhost:4001/mcp` → `http://localhost:4001`, 4001 and `/mcp`.
fn place(identifier: &str) -> Option<(String, u16, String)> {
    let (scheme, rest) = identifier.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    Some((format!("{scheme}://{host}"), host.split_once(':')?.1.parse().ok()?, format!("/{path}")))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [issuer, identifier, client_id, secret_file] = arguments.as_slice() else {
        return Err("say ISSUER IDENTIFIER CLIENT_ID SECRET_FILE".into());
    };
    let (origin, port, path) = place(identifier).ok_or("the identifier has no port and path")?;
    let resource = ResourceServer::builder(issuer, identifier)
        .credential(client_id, fs::read_to_string(secret_file)?.trim_end())
        .scopes(["notes.read"])
        .name("Notes")
        .build()?;
    let app = resource.protect(Router::new().route(&path, post(take)));
    let app = app.layer(from_fn_with_state(origin, from_no_other_site));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    resource.ready().await;
    println!("{}", resource.metadata_address().ok_or("the identifier is not on the web")?);
    Ok(axum::serve(listener, app).await?)
}
