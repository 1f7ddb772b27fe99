//! Connections over real sockets; waiting is done with the clock paused.

use std::{
    fs::File,
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll},
};

use axum::{body::Body, routing::get};
use bytes::Bytes;
use futures_util::{FutureExt as _, Stream};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::{Instant, pause},
};

use super::*;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(router: Router, connections: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let capacity = Capacity { connections, per_address: 1, proxies: None };
        let task =
            tokio::spawn(serve(listener, router, capacity, async { stopped.await.unwrap_or_default() }));
        Self { address, stop: Some(stop), task }
    }

    async fn simple() -> Self {
        Self::start(Router::new().route("/", get(|| async { "fine" }).post(|| async { "posted" })), 16).await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }
}

/// Everything up to the end of the connection; a reset is an end too.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

/// One answer whose body is `body`.
async fn answer_with(stream: &mut TcpStream, body: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(body.as_bytes()) {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "{}", String::from_utf8_lossy(&bytes));
    }
    String::from_utf8(bytes).unwrap()
}

async fn ask(stream: &mut TcpStream) {
    stream.write_all(REQUEST).await.unwrap();
    assert!(answer_with(stream, "fine").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

/// Waits for the end of the connection with the clock paused, and says how many seconds that took.
async fn seconds_to_end(stream: &mut TcpStream) -> u64 {
    pause();
    let start = Instant::now();
    assert_eq!(rest(stream).await, "");
    start.elapsed().as_secs()
}

#[tokio::test]
async fn op_03_a_connection_that_says_nothing_is_cut_after_ten_seconds() {
    let server = Server::simple().await;
    let mut stream = server.connect().await;
    assert!((9..=10).contains(&seconds_to_end(&mut stream).await));
}

#[tokio::test]
async fn op_03_a_slow_head_is_cut_after_ten_seconds_however_it_trickles() {
    let server = Server::simple().await;
    let mut stream = server.connect().await;
    ask(&mut stream).await;
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    pause();
    let start = Instant::now();
    let mut letters = 0;
    while start.elapsed() < Duration::from_secs(60) && stream.write_all(b"x").await.is_ok() {
        letters += 1;
        tokio::select! {
            end = stream.read_u8() => { assert!(end.is_err()); break; }
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
    assert!((9..=11).contains(&start.elapsed().as_secs()), "{:?} after {letters} letters", start.elapsed());
}

#[tokio::test]
async fn op_03_a_connection_at_rest_is_cut_after_a_minute() {
    let server = Server::simple().await;
    let mut stream = server.connect().await;
    ask(&mut stream).await;
    ask(&mut stream).await;
    assert!((50..=60).contains(&seconds_to_end(&mut stream).await));
}

/// Says when it is dropped.
struct Endless(Option<oneshot::Sender<()>>);

impl Stream for Endless {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(Ok(Bytes::from_static(&[0; 65_536]))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.take().unwrap().send(());
    }
}

#[tokio::test]
async fn op_03_a_client_that_does_not_read_is_cut_after_thirty_seconds() {
    let (dropped, cut) = oneshot::channel();
    let body = Arc::new(Mutex::new(Some(Endless(Some(dropped)))));
    let endless = move || {
        let body = body.lock().unwrap().take();
        async move { Body::from_stream(body.unwrap()) }
    };
    let server = Server::start(Router::new().route("/", get(endless)), 16).await;
    let mut stream = server.connect().await;
    stream.write_all(REQUEST).await.unwrap();
    stream.readable().await.unwrap();
    pause();
    let start = Instant::now();
    cut.await.unwrap();
    assert!((29..=31).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn op_03_beyond_the_capacity_a_connection_waits_its_turn() {
    let server = Server::start(Router::new().route("/", get(|| async { "fine" })), 1).await;
    let mut first = server.connect().await;
    ask(&mut first).await;
    let mut second = server.connect().await;
    second.write_all(REQUEST).await.unwrap();
    ask(&mut first).await;
    let mut bytes = [0; 1];
    assert!(second.read(&mut bytes).now_or_never().is_none(), "the second connection was served");
    drop(first);
    answer_with(&mut second, "fine").await;
}

#[tokio::test]
async fn a_stopping_server_answers_the_requests_that_are_there() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        move || async move {
            begun.notify_one();
            go_on.notified().await;
            "slow"
        }
    };
    let router = Router::new().route("/", get(|| async { "fine" })).route("/slow", get(slow));
    let mut server = Server::start(router, 16).await;
    let (mut at_rest, mut silent, mut busy) =
        (server.connect().await, server.connect().await, server.connect().await);
    ask(&mut at_rest).await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    begun.notified().await;
    server.stop();
    assert_eq!(rest(&mut at_rest).await, "");
    assert_eq!(rest(&mut silent).await, "");
    go_on.notify_one();
    let answer = rest(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("slow"), "{answer}");
    server.task.await.unwrap();
}

#[tokio::test]
async fn a_stopping_server_waits_ten_seconds_at_most() {
    let begun = Arc::new(Notify::new());
    let never = {
        let begun = Arc::clone(&begun);
        move || async move {
            begun.notify_one();
            std::future::pending::<&str>().await
        }
    };
    let mut server = Server::start(Router::new().route("/", get(never)), 16).await;
    let mut stream = server.connect().await;
    stream.write_all(REQUEST).await.unwrap();
    begun.notified().await;
    pause();
    let start = Instant::now();
    server.stop();
    server.task.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_eq!(rest(&mut stream).await, "");
}

/// What is sent and what comes back until the connection ends.
async fn exchange(request: &str) -> String {
    let server = Server::simple().await;
    let mut stream = server.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    rest(&mut stream).await
}

/// RFC 9112 §6.1.
#[tokio::test]
async fn op_05_two_readings_of_one_request_end_the_connection() {
    let hidden = "GET / HTTP/1.1\r\nhost: evil\r\n\r\n";
    for (head, status) in [
        ("content-length: 6\r\ncontent-length: 7", "400"),
        ("content-length: 6, 7", "400"),
        ("content-length: +6", "400"),
        ("transfer-encoding: chunked\r\ntransfer-encoding: identity", "400"),
        ("transfer-encoding: xchunked", "400"),
        ("transfer-encoding: identity\r\ntransfer-encoding: chunked", "501"),
        ("transfer-encoding: chunked\r\ntransfer-encoding: chunked", "501"),
        ("transfer-encoding: gzip, chunked", "501"),
        ("transfer-encoding: chunked, chunked", "501"),
        ("content-length: 6\r\n x: folded", "400"),
        ("content-length : 6", "400"),
        ("content-length: 6\r\ntransfer-encoding: chunked", "400"),
        ("transfer-encoding: chunked\r\ncontent-length: 6", "400"),
    ] {
        let request = format!("POST / HTTP/1.1\r\nhost: localhost\r\n{head}\r\n\r\n0\r\n\r\n{hidden}");
        let answer = exchange(&request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{head}: {answer}");
        assert_eq!(
            answer.matches("HTTP/1.1").count(),
            1,
            "{head}: the hidden request was answered: {answer}"
        );
    }
}

/// hyper's own answers, which no layer of ours sees: docs/decisions/0011.
#[tokio::test]
async fn op_02_what_is_no_request_gets_nothing_that_headers_could_protect() {
    let marker = "mark7";
    for request in [
        format!("{marker}\r\n\r\n"),
        format!("GET /{marker} HTTP/9.9\r\n\r\n"),
        format!("GET /{marker} HTTP/1.1\r\n{marker}\r\n\r\n"),
        format!("GET /<{marker}> HTTP/1.1\r\nhost: a\u{1}b\r\n\r\n"),
        format!("GET /{marker} HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(20_000)),
        format!("GET /{marker} HTTP/1.1\r\n{}\r\n", "x: a\r\n".repeat(200)),
    ] {
        let answer = exchange(&request).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 4"), "{answer}");
        let names: std::collections::BTreeSet<_> =
            head.lines().skip(1).map(|line| line.split_once(':').unwrap().0.to_ascii_lowercase()).collect();
        assert_eq!(names, ["connection", "content-length", "date"].map(str::to_owned).into(), "{answer}");
        assert!(head.to_ascii_lowercase().contains("connection: close"), "{answer}");
        assert!(body.is_empty() && !answer.contains(marker), "{answer}");
    }
}

#[tokio::test]
async fn op_05_a_bare_line_feed_ends_no_line() {
    for request in [
        "GET / HTTP/1.1\nhost: localhost\n\n",
        "GET / HTTP/1.1\nhost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: localhost\nx: y\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: localhost\r\n\n",
        "\nGET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ] {
        let answer = exchange(request).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{request:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{request:?}");
    }
    let server = Server::simple().await;
    let mut stream = server.connect().await;
    let body = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\na\n\nb";
    stream.write_all(body.as_bytes()).await.unwrap();
    answer_with(&mut stream, "posted").await;
    ask(&mut stream).await;
    stream.write_all(b"GET / HTTP/1.1\nhost: localhost\n\n").await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 400"), "also the next head of a connection");
}

#[tokio::test]
async fn op_05_heads_that_were_sent_ahead_are_read_as_strictly() {
    let good = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let last = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let post = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\na\n\nb";
    let bare = "GET / HTTP/1.1\nhost: localhost\n\n";
    let hiding = "POST / HTTP/1.1\r\nhost: localhost\r\nx: a\ncontent-length: 3\r\n\r\na=b";
    for (requests, statuses) in [
        ([good, bare], ["200", "400"]),
        ([post, bare], ["200", "400"]),
        ([good, hiding], ["200", "400"]),
        ([post, last], ["200", "200"]),
    ] {
        let sent = requests.concat();
        // At once, and so that a segment ends anywhere after the first request: between CR and LF, too. A handler that
        // answers before its body is there ends the connection.
        for cut in std::iter::once(0).chain(requests[0].len()..sent.len()) {
            let server = Server::simple().await;
            let mut stream = server.connect().await;
            let (first, second) = sent.split_at(cut);
            stream.write_all(first.as_bytes()).await.unwrap();
            tokio::task::yield_now().await;
            // Whoever is refused within the first segment may be gone already.
            let _ = stream.write_all(second.as_bytes()).await;
            let answer = rest(&mut stream).await;
            let told: Vec<_> = answer.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
            assert_eq!(told, statuses, "{sent:?} cut at {cut}");
        }
    }
}

#[tokio::test]
async fn g_36_heads_at_the_limit_and_over_it() {
    let bytes = |length: usize| {
        let rest = length - "GET / HTTP/1.1\r\nconnection: close\r\nx: \r\n\r\n".len();
        format!("GET / HTTP/1.1\r\nconnection: close\r\nx: {}\r\n\r\n", "a".repeat(rest))
    };
    let fields =
        |count: usize| format!("GET / HTTP/1.1\r\nconnection: close\r\n{}\r\n", "x: a\r\n".repeat(count - 1));
    for (request, status) in
        [(bytes(16_384), "200"), (bytes(16_385), "431"), (fields(100), "200"), (fields(101), "431")]
    {
        let answer = exchange(&request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{} bytes: {answer}", request.len());
    }
}

#[tokio::test]
async fn a_body_that_nobody_reads_ends_the_connection_or_is_skipped() {
    let server = Server::simple().await;
    let mut stream = server.connect().await;
    stream.write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nbody").await.unwrap();
    answer_with(&mut stream, "posted").await;
    ask(&mut stream).await;
}

/// A second name after the test's own tells the child process what it is.
#[cfg(target_os = "linux")]
const CHILD: &str = "with-few-files";

/// Runs itself again in a process of its own that may open few files.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn op_14_without_file_descriptors_accepting_pauses_and_goes_on() {
    if std::env::args().any(|argument| argument == CHILD) {
        return few_files().await;
    }
    let name = "http::listener::tests::op_14_without_file_descriptors_accepting_pauses_and_goes_on";
    let child = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" --exact --quiet \"$1\" \"$2\""])
        .arg(std::env::current_exe().unwrap())
        .args([name, CHILD])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && output.contains("1 passed"), "{output}");
}

#[cfg(target_os = "linux")]
async fn few_files() {
    let server = Server::simple().await;
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
        assert!(files.len() < 1_000, "the limit of open files does not hold");
    }
    // One for the client's side of the connection, none for the server's.
    drop(files.pop());
    let mut stream = server.connect().await;
    stream.write_all(REQUEST).await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(300), stream.readable()).await;
    assert!(early.is_err(), "answered without a file descriptor");
    drop(files);
    answer_with(&mut stream, "fine").await;
}
