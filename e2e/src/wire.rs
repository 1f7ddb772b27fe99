//! One connection to a server, and for each request what a checker must know: answered, never sent, or unknown.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, Method, Request, Response, StatusCode,
    header::{CONTENT_TYPE, HOST},
};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use mapae_protocol::params;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};

/// A server that needs longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a server that nobody kills may say "not now" before that is a failure: each time it has waited for seconds.
const TRIES: usize = 10;

/// Name and value of a form's field.
pub type Field<'a> = (&'a str, &'a str);

/// Where a server is, and under which name it answers: two servers behind one balancer have the same name.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its socket.
    pub address: SocketAddr,
    /// Its issuer identifier, which is its address for people and apps.
    pub issuer: String,
}

/// A connection that is opened when it is needed, and again when the server has closed it between two requests.
#[derive(Debug)]
pub struct Wire {
    node: Node,
    open: Option<SendRequest<Full<Bytes>>>,
}

/// There is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The request never left: nothing has happened.
    NotSent,
    /// It left, or part of it, or the server said "not now" (503): anything may have happened.
    Unknown,
}

/// Patience with a server that nobody kills: what was lost may be tried again, as an operation of its own.
#[derive(Debug)]
pub struct Tries(usize);

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Node {
    /// The part of the issuer that stands in `Host`.
    fn host(&self) -> &str {
        self.issuer.rsplit('/').next().unwrap_or_default()
    }
}

impl Wire {
    /// A connection to a server, not opened yet.
    pub fn to(node: &Node) -> Self {
        Self { node: node.clone(), open: None }
    }

    /// Where it leads.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Asks for an address (path and query).
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn get(&mut self, target: &str, headers: &[(HeaderName, String)]) -> Result<Reply, Lost> {
        self.send(Method::GET, target, headers, Bytes::new()).await
    }

    /// Posts a form.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn post(
        &mut self,
        target: &str,
        headers: &[(HeaderName, String)],
        form: &[Field<'_>],
    ) -> Result<Reply, Lost> {
        let form = Bytes::from(params::encode(form.iter().copied()));
        let kind = (CONTENT_TYPE, "application/x-www-form-urlencoded".to_owned());
        self.send(Method::POST, target, &[headers, &[kind]].concat(), form).await
    }

    async fn send(
        &mut self,
        method: Method,
        target: &str,
        headers: &[(HeaderName, String)],
        body: Bytes,
    ) -> Result<Reply, Lost> {
        let mut request = Request::builder().method(method).uri(target).header(HOST, self.node.host());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).expect("the request is well formed");
        let answer = timeout(PATIENCE, self.exchange(request)).await;
        answer.unwrap_or_else(|_| panic!("no answer from {target} in {PATIENCE:?}"))
    }

    async fn exchange(&mut self, mut request: Request<Full<Bytes>>) -> Result<Reply, Lost> {
        // A connection at rest may have been closed by the server, which is noticed only now: one more try.
        for _ in 0..2 {
            let sender = self.sender().await?;
            match sender.try_send_request(request).await {
                Ok(response) => return self.read(response).await,
                Err(mut error) => {
                    self.open = None;
                    request = error.take_message().ok_or(Lost::Unknown)?;
                }
            }
        }
        Err(Lost::NotSent)
    }

    async fn sender(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Lost> {
        let usable = match self.open.take() {
            Some(mut sender) => sender.ready().await.is_ok().then_some(sender),
            None => None,
        };
        let sender = match usable {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        Ok(self.open.insert(sender))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Lost> {
        let stream = TcpStream::connect(self.node.address).await.map_err(|_| Lost::NotSent)?;
        stream.set_nodelay(true).map_err(|_| Lost::NotSent)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Lost::NotSent)?;
        // It ends with the sender, or with the server; how is what the sender is told.
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn read(&mut self, response: Response<Incoming>) -> Result<Reply, Lost> {
        let (head, body) = response.into_parts();
        match body.collect().await {
            // A machine that stands still for seconds makes a server say so: that is its right, and nobody's fault.
            Ok(_) if head.status == StatusCode::SERVICE_UNAVAILABLE => Err(Lost::Unknown),
            Ok(body) => Ok(Reply { status: head.status, headers: head.headers, body: body.to_bytes() }),
            Err(_) => {
                self.open = None;
                Err(Lost::Unknown)
            }
        }
    }
}

impl Default for Tries {
    fn default() -> Self {
        Self(TRIES)
    }
}

impl Tries {
    /// What came of an attempt; `None`: it may be made again.
    ///
    /// # Panics
    /// The server is gone, or has no time for too long.
    pub fn outcome<T>(&mut self, attempt: Result<T, Lost>) -> Option<T> {
        match attempt {
            Ok(done) => Some(done),
            Err(Lost::Unknown) if self.0 > 1 => {
                self.0 -= 1;
                None
            }
            Err(lost) => panic!("nobody kills the server now, and it does not answer: {lost:?}"),
        }
    }
}

impl Reply {
    /// The body; `null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
