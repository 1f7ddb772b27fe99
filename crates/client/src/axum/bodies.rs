//! The bodies of requests: they are there in time, or they are not waited for.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{FromRequest as _, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header};
use tokio::time::timeout;

use super::answer;

/// By then a body must be there in full. It is short.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the body before anybody asks for it: whoever stops in the middle of one would be waited for without end.
pub(super) async fn in_time(State(patience): State<Duration>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    // How long it may be stands with the rest of the request.
    let arriving = Bytes::from_request(Request::from_parts(parts.clone(), body), &());
    match timeout(patience, arriving).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Ok(Err(refused)) => refused.into_response(),
        Err(_) => {
            // What comes of it later is no request.
            let closing = [(header::CONNECTION, "close")];
            answer::guarded((StatusCode::REQUEST_TIMEOUT, closing).into_response())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::Router;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::{
        Client, ClientRegistration, Definition, Provider, ProviderSettings, ServiceTokens, Vault,
        accounts::tests::Nobody,
        axum::{PlainPages, routes_within},
        client::paths,
    };

    fn client(vault: Vault) -> Client<()> {
        let registration = ClientRegistration::new("client-1", "https://shop.example/callback");
        let registration = registration.with_secret("secret").with_scopes("openid").with_posted_answers();
        let google = Definition::named("google").unwrap();
        let provider = Provider::new(google, registration, ProviderSettings::new("google")).unwrap();
        let builder = Client::builder(vault, Nobody).provider(provider);
        builder.service_tokens(ServiceTokens::new()).build().unwrap()
    }

    /// The status of what a server with these routes says to somebody who announces nine bytes and sends three.
    async fn said(server: SocketAddr, path: &str, origin: &str) -> String {
        let mut stream = TcpStream::connect(server).await.unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: shop.example\r\nOrigin: {origin}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\na=b"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        let read = timeout(Duration::from_secs(10), stream.read_exact(&mut status)).await;
        read.unwrap_or_else(|_| panic!("{path} waits without end")).unwrap();
        String::from_utf8_lossy(&status).into_owned()
    }

    #[tokio::test]
    async fn no_route_waits_for_a_body_that_stops_in_the_middle() {
        let folder = tempfile::tempdir().unwrap();
        let client = client(Vault::open(folder.path().join("client.db")).unwrap());
        let app: Router = routes_within(Duration::from_millis(10), &client, PlainPages);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        for path in [
            paths::LOGIN_JSON,
            paths::SIGN_UP,
            paths::PROVE_ACCOUNT,
            paths::PROVE_AGAIN,
            paths::ADD_METHOD,
            paths::CONFIRM_METHOD,
            paths::REMOVE_METHOD,
            paths::TERMS,
            paths::TOKENS,
            paths::RENEWAL,
            "/callback",
            "/sign-out",
            "/notices/google/unlink",
            "/login/backchannel-logout/google",
        ] {
            assert_eq!(said(server, path, "https://shop.example").await, "HTTP/1.1 408", "{path}");
        }
        let foreign = said(server, paths::SIGN_UP, "https://evil.example").await;
        assert_eq!(foreign, "HTTP/1.1 403", "not even the beginning of it is read");
    }
}
