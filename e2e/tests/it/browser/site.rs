//! Another site: it answers at `127.0.0.1`, which for a browser has nothing to do with `localhost`.
//!
//! Here live the app that people sign in to, and whoever attacks them.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinHandle,
    time::timeout,
};

/// A browser that needs longer does not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every address shows that has no page of its own.
const ARRIVED: &str = "<!doctype html><html lang=en><title>App</title><h1 id=arrived>Arrived</h1></html>";

/// The site. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Site {
    address: SocketAddr,
    pages: Pages,
    visits: UnboundedReceiver<Visit>,
    task: JoinHandle<()>,
}

/// What is at which path.
type Pages = Arc<Mutex<HashMap<String, Reply>>>;

/// What a browser is answered.
#[derive(Clone, Debug)]
enum Reply {
    Page(String),
    /// It goes on to another address.
    Onward(String),
}

/// A request of a browser to the site.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    /// Of the query and of the body.
    pub(super) fields: Vec<(String, String)>,
}

impl Visit {
    /// The value of a field.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }
}

impl Site {
    /// Opens it on a free port.
    pub(super) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the socket has an address");
        let pages = Arc::new(Mutex::new(HashMap::new()));
        let (teller, visits) = mpsc::unbounded_channel();
        let task = tokio::spawn(listen(listener, Arc::clone(&pages), teller));
        Self { address, pages, visits, task }
    }

    /// An address on it.
    pub(super) fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Shows a page at a path.
    pub(super) fn show(&self, path: &str, body: &str) {
        let page =
            format!("<!doctype html><html lang=en><meta charset=utf-8><title>Site</title>{body}</html>");
        self.answer(path, Reply::Page(page));
    }

    /// Sends whoever comes to a path on to another address.
    pub(super) fn lead_on(&self, path: &str, to: &str) {
        self.answer(path, Reply::Onward(to.to_owned()));
    }

    fn answer(&self, path: &str, reply: Reply) {
        self.pages.lock().expect("nobody panicked").insert(path.to_owned(), reply);
    }

    /// Waits for the next visit to a path, past visits to others.
    pub(super) async fn visit(&mut self, path: &str) -> Visit {
        let next = async {
            loop {
                let visit = self.visits.recv().await.expect("the site is open");
                if visit.path == path {
                    return visit;
                }
            }
        };
        timeout(PATIENCE, next).await.unwrap_or_else(|_| panic!("nobody came to {path}"))
    }

    /// Everything that was sent here and not waited for.
    pub(super) fn others(&mut self) -> Vec<Visit> {
        std::iter::from_fn(|| self.visits.try_recv().ok()).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(listener: TcpListener, pages: Pages, teller: UnboundedSender<Visit>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (pages, teller) = (Arc::clone(&pages), teller.clone());
        let service = service_fn(move |request| answer(request, Arc::clone(&pages), teller.clone()));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    request: Request<Incoming>,
    pages: Pages,
    teller: UnboundedSender<Visit>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let mut response = Response::new(Full::default());
    let path = head.uri.path().to_owned();
    if path == "/favicon.ico" {
        *response.status_mut() = StatusCode::NO_CONTENT;
        return Ok(response);
    }
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let fields = [head.uri.query().unwrap_or_default().as_bytes(), &body];
    let fields = fields.iter().flat_map(|text| url::form_urlencoded::parse(text).into_owned()).collect();
    let page = pages.lock().expect("nobody panicked").get(&path).cloned();
    // Nobody waits any longer when a test is over.
    let _ = teller.send(Visit { method: head.method, path, headers: head.headers, fields });
    let html = header::HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    match page.unwrap_or_else(|| Reply::Page(ARRIVED.to_owned())) {
        Reply::Page(page) => *response.body_mut() = Full::from(page),
        Reply::Onward(to) => {
            *response.status_mut() = StatusCode::FOUND;
            response.headers_mut().insert(header::LOCATION, to.parse().expect("it is an address"));
        }
    }
    Ok(response)
}
