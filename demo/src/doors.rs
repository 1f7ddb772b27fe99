//! The two addresses of the demo, taken before anything is registered for them.

use std::io;

use tokio::net::TcpListener;

use crate::flow::LOGOUT_NOTICES;

/// The listening sockets of the service and of the API, on loopback.
#[derive(Debug)]
pub struct Doors {
    pub(crate) service: TcpListener,
    pub(crate) api: TcpListener,
    service_port: u16,
    api_port: u16,
}

/// A port cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("port {port} cannot be had: {source}; another program has it, choose others with --port-base")]
pub struct PortTaken {
    /// Which.
    pub port: u16,
    /// What the operating system said.
    #[source]
    pub source: io::Error,
}

impl Doors {
    /// Takes the ports of the service and of the API; 0 lets the system choose.
    ///
    /// # Errors
    /// [`PortTaken`] names the port.
    pub async fn open(service_port: u16, api_port: u16) -> Result<Self, PortTaken> {
        let (service, service_port) = listen(service_port).await?;
        let (api, api_port) = listen(api_port).await?;
        Ok(Self { service, api, service_port, api_port })
    }

    /// The service: `http://localhost:3000`.
    #[must_use]
    pub fn service_url(&self) -> String {
        format!("http://localhost:{}", self.service_port)
    }

    /// The calendar API: `http://localhost:4000`. It is also the identifier under which it is registered.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://localhost:{}", self.api_port)
    }

    /// The page that is a client by itself, which is also its redirect URI: `http://localhost:3000/browser-app`.
    #[must_use]
    pub fn browser_app_url(&self) -> String {
        format!("{}/browser-app", self.service_url())
    }

    /// The redirect URI to register at a social provider, each of which has its own (RFC 9700 §4.4):
    /// `http://localhost:3000/callback/kakao`.
    #[must_use]
    pub fn redirect_uri_of(&self, provider: &str) -> String {
        format!("{}/callback/{provider}", self.service_url())
    }

    /// Where a social provider tells of something: `http://localhost:3000/notices/kakao/unlink`.
    #[must_use]
    pub fn notice_url(&self, provider: &str, kind: &str) -> String {
        format!("{}/notices/{provider}/{kind}", self.service_url())
    }

    /// Where the authorization server tells the service that somebody has signed out (OIDC Back-Channel Logout §2.2):
    /// `http://localhost:3000/login/backchannel-logout/mapae`.
    #[must_use]
    pub fn back_channel_logout_uri(&self) -> String {
        format!("{}{LOGOUT_NOTICES}mapae", self.service_url())
    }

    /// The redirect URI to register for the service: `http://localhost:3000/callback`.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/callback", self.service_url())
    }
}

async fn listen(port: u16) -> Result<(TcpListener, u16), PortTaken> {
    let taken = |source| PortTaken { port, source };
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(taken)?;
    let port = listener.local_addr().map_err(taken)?.port();
    Ok((listener, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named() {
        let doors = Doors::open(0, 0).await.unwrap();
        let port = doors.service.local_addr().unwrap().port();
        let error = Doors::open(port, 0).await.unwrap_err();
        assert!(error.to_string().contains(&port.to_string()), "{error}");
        assert_eq!(doors.redirect_uri(), format!("http://localhost:{port}/callback"));
    }
}
