//! `mapae-bench bare`: what nobody can leave out, and nothing else.
//!
//! axum as it comes, handlers that parse the form, sign with ES256 or verify one signature, and answer with the bytes and
//! headers that another server gave. No client authentication, no limits, no store, no rule: a floor, not a server.

mod samples;
mod sign;
mod verify;

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use anyhow::Context as _;
use axum::{
    Router,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::{get, post},
    serve::ListenerExt as _,
};
use bytes::Bytes;
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use url::form_urlencoded;

use self::{
    samples::{Sample, Samples},
    sign::{Signer, TokenAnswer},
    verify::Verifier,
};
use crate::{
    jws::Key,
    target::{DISCOVERY, Target},
};

/// Be the bare server: what is unavoidable, with the bytes and headers of another server.
#[derive(Args)]
pub(crate) struct Bare {
    /// Description of the server that it is to be like
    #[arg(long, value_name = "FILE")]
    like: PathBuf,
}

struct Parts {
    samples: Samples,
    signer: Signer,
    machine: TokenAnswer,
    person: TokenAnswer,
    bound: TokenAnswer,
    exchanged: TokenAnswer,
    verifier: Verifier,
    /// What the bound app signs.
    assertions: Verifier,
}

type Shared = State<Arc<Parts>>;

impl Bare {
    /// Serves until it is ended; says in one line of JSON where.
    ///
    /// # Errors
    /// When the other server does not answer.
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        let target = Target::read(&self.like)?;
        let samples = Samples::of(&target).await?;
        let parts = Arc::new(Parts {
            signer: Signer::generate()?,
            machine: TokenAnswer::like(&samples.machine)?,
            person: TokenAnswer::like(&samples.person)?,
            bound: TokenAnswer::like(&samples.bound)?,
            exchanged: TokenAnswer::like(&samples.exchanged)?,
            verifier: Verifier::of(&samples.jwks.body)?,
            assertions: Verifier::of(Key::read(&target.bound.key)?.jwks().to_string().as_bytes())?,
            samples,
        });
        let endpoints = &target.prepared()?.endpoints;
        let router = Router::new()
            .route(&endpoints.authorize, get(authorize))
            .route(&endpoints.token, post(token))
            .route(&endpoints.pushed_request, post(push))
            .route(&endpoints.introspect, post(introspect))
            .route(&endpoints.userinfo, get(userinfo))
            .route(&endpoints.jwks, get(async |State(parts): Shared| answer(&parts.samples.jwks)))
            .route(DISCOVERY, get(async |State(parts): Shared| answer(&parts.samples.discovery)))
            .with_state(parts);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port")?;
        println!("{}", json!({ "address": listener.local_addr()? }));
        let listener = listener.tap_io(|stream| {
            // As the servers that it is compared with; without it, it would be slower.
            let _ = stream.set_nodelay(true);
        });
        Ok(axum::serve(listener, router).await?)
    }
}

async fn authorize(State(parts): Shared, RawQuery(query): RawQuery) -> Response {
    let request = parse(query.as_deref().unwrap_or_default().as_bytes());
    if request.contains_key("client_id") { answer(&parts.samples.authorize) } else { bad() }
}

async fn push(State(parts): Shared, headers: HeaderMap, body: Bytes) -> Response {
    if parts.is_proven(&headers, &parse(&body)) { answer(&parts.samples.pushed) } else { bad() }
}

impl Parts {
    /// Whether the app has signed an assertion, and its key is there.
    fn is_proven(&self, headers: &HeaderMap, request: &Form<'_>) -> bool {
        let proof = headers.get("dpop").and_then(|proof| proof.to_str().ok());
        request.get("client_assertion").is_some_and(|assertion| self.assertions.verify(assertion))
            && proof.is_some_and(Verifier::verify_proof)
    }
}

async fn token(State(parts): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let request = parse(&body);
    let (answer, sample) = match request.get("grant_type").map(AsRef::as_ref) {
        Some("client_credentials") => (&parts.machine, &parts.samples.machine),
        Some("authorization_code") if !headers.contains_key("dpop") => (&parts.person, &parts.samples.person),
        Some("authorization_code") if parts.is_proven(&headers, &request) => {
            (&parts.bound, &parts.samples.bound)
        }
        Some(_) if request.get("subject_token").is_some_and(|token| parts.verifier.verify(token)) => {
            (&parts.exchanged, &parts.samples.exchanged)
        }
        _ => return bad(),
    };
    match answer.fill(&parts.signer) {
        Ok(body) => answer_with(&sample.headers, sample.status, body.into()),
        Err(_) => bad(),
    }
}

async fn introspect(State(parts): Shared, body: Bytes) -> Response {
    let request = parse(&body);
    let good = request.get("token").is_some_and(|token| parts.verifier.verify(token));
    if good { answer(&parts.samples.introspection) } else { bad() }
}

async fn userinfo(State(parts): Shared, headers: HeaderMap) -> Response {
    let credentials = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = credentials.and_then(|credentials| credentials.strip_prefix("Bearer "));
    if token.is_some_and(|token| parts.verifier.verify(token)) {
        answer(&parts.samples.userinfo)
    } else {
        bad()
    }
}

type Form<'a> = HashMap<std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>>;

fn parse(form: &[u8]) -> Form<'_> {
    form_urlencoded::parse(form).collect()
}

fn answer(sample: &Sample) -> Response {
    answer_with(&sample.headers, sample.status, sample.body.clone())
}

fn answer_with(headers: &HeaderMap, status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().clone_from(headers);
    response
}

fn bad() -> Response {
    answer_with(&HeaderMap::new(), StatusCode::BAD_REQUEST, Bytes::new())
}
