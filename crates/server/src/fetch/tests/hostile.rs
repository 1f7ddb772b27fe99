//! Who is not reached, and what is not taken.

use super::{
    peer::{Peer, Then, tls},
    *,
};

pub(super) const FINE: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: Application/JSON; charset=utf-8\r\ncontent-length: 2\r\n\r\n{}";

#[tokio::test]
async fn dc_04_no_notation_of_a_private_address_is_connected_to() {
    let mut peer = Peer::answering(FINE, Then::Close).await;
    let port = peer.address.port();
    let fetcher = strict(Arc::new(System::default()));
    let mut judged = 0;
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "0x7f000001",
        "0",
        "0.0.0.0",
        "localhost",
        "localhost.",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "10.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "１２７.0.0.1",
    ] {
        let Ok(address) = EndpointUri::parse(&format!("https://{host}:{port}/")) else { continue };
        let outcome = fetcher.get(&address, DOCUMENT_BYTES, ANYBODY).await.unwrap_err();
        assert!(matches!(outcome, FetchError::Forbidden | FetchError::Unreachable), "{host}: {outcome:?}");
        let outcome = fetcher.post_form(&address, &[], false).await.unwrap_err();
        assert!(matches!(outcome, FetchError::Forbidden | FetchError::Unreachable), "{host}: {outcome:?}");
        judged += usize::from(outcome == FetchError::Forbidden);
    }
    assert!(judged >= 14, "most are addresses: {judged}");
    assert!(!peer.heard_more());
}

#[tokio::test]
async fn dc_04_a_name_with_a_private_address_is_not_connected_to_and_asked_for_once() {
    for answer in [
        &["127.0.0.1"][..],
        &["169.254.169.254"],
        &["::1"],
        &["::ffff:10.0.0.1"],
        &["93.184.215.14", "10.0.0.1"],
        &["10.0.0.1", "93.184.215.14"],
    ] {
        let names = Scripted::new([answer, &["93.184.215.14"]]);
        let outcome =
            strict(names.clone()).get(&at("https://rebind.example/"), DOCUMENT_BYTES, ANYBODY).await;
        assert_eq!(outcome.unwrap_err(), FetchError::Forbidden, "{answer:?}");
        assert_eq!(names.left(), 1, "the second answer of a rebinding name is not heard");
    }
}

#[tokio::test]
async fn dc_04_the_address_that_was_judged_is_the_one_that_is_connected_to() {
    let mut first = Peer::answering(FINE, Then::Wait).await;
    let port = first.address.port();
    let mut second = Peer::at(&format!("127.0.0.2:{port}"), FINE, Then::Wait).await;
    let names = Scripted::new([&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1"]]);
    let fetcher = lax(names.clone(), Limits::USUAL);
    let address = at(&format!("http://localhost:{port}/x"));
    fetcher.get(&address, DOCUMENT_BYTES, ANYBODY).await.unwrap();
    assert_eq!(names.left(), 2, "one question for one fetch");
    first.hears().await;
    fetcher.get(&address, DOCUMENT_BYTES, ANYBODY).await.unwrap();
    assert_eq!(names.left(), 1, "no connection outlives its judgement");
    second.hears().await;
    assert!(!first.heard_more() && !second.heard_more());
}

#[tokio::test]
async fn dc_04_http_is_for_a_desk_with_private_addresses() {
    let mut peer = Peer::answering(FINE, Then::Close).await;
    let fetcher = |private_addresses, development| {
        let settings = config::Fetch { private_addresses, root_certificates: Vec::new() };
        Fetcher::new(&settings, development)
    };
    for (private, development, expected) in [
        (false, Development::No, Some(FetchError::Insecure)),
        (false, Development::Yes, Some(FetchError::Insecure)),
        (true, Development::No, Some(FetchError::Insecure)),
        (true, Development::Yes, None),
    ] {
        let outcome = fetcher(private, development).get(&peer.url(), DOCUMENT_BYTES, ANYBODY).await;
        assert_eq!(outcome.err(), expected, "{private} {development:?}");
    }
    peer.hears().await;
    assert!(!peer.heard_more());
}

#[tokio::test]
async fn dc_04_nothing_is_taken_but_a_small_direct_answer() {
    let long = "HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let moved = "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
    let packed = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}";
    for (answer, then, expected) in [
        (moved, Then::Close, FetchError::Redirected),
        ("HTTP/1.1 304 Not Modified\r\n\r\n", Then::Close, FetchError::Redirected),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", Then::Close, FetchError::Gone),
        ("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", Then::Close, FetchError::Gone),
        ("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", Then::Close, FetchError::Status),
        ("HTTP/1.1 204 No Content\r\n\r\n", Then::Close, FetchError::Status),
        (packed, Then::Close, FetchError::Compressed),
        (long, Then::Wait, FetchError::TooLong),
        (chunked, Then::Repeat("400\r\n0123456789abcdef0123456789abcdef\r\n"), FetchError::Broken),
        ("HTTP/1.1 200 OK\r\n\r\n", Then::Repeat("0123456789abcdef"), FetchError::TooLong),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", Then::Close, FetchError::Broken),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", Then::Wait, FetchError::Timeout),
        ("HTTP/1.1 200 OK\r\n", Then::Wait, FetchError::Timeout),
        ("HTTP/1.1 200 OK\r\n", Then::Repeat("x: y\r\n"), FetchError::Broken),
        ("SSH-2.0-OpenSSH_9.9\r\n", Then::Wait, FetchError::Broken),
        ("", Then::Close, FetchError::Broken),
        ("", Then::Wait, FetchError::Timeout),
    ] {
        let peer = Peer::answering(answer, then).await;
        let limits = if expected == FetchError::Timeout { SHORT } else { Limits::USUAL };
        let outcome =
            lax(Arc::new(System::default()), limits).get(&peer.url(), DOCUMENT_BYTES, ANYBODY).await;
        assert_eq!(outcome.unwrap_err(), expected, "{answer}");
    }
}

#[tokio::test]
async fn dc_04_a_request_says_nothing_about_anybody() {
    let mut peer = Peer::answering(FINE, Then::Close).await;
    let fetcher = lax(Arc::new(System::default()), Limits::USUAL);
    let fetched = fetcher.get(&peer.url(), DOCUMENT_BYTES, ANYBODY).await.unwrap();
    assert_eq!((fetched.media_type.as_str(), fetched.body.as_slice()), ("application/json", &b"{}"[..]));
    let head = |method: &str, more: &str| {
        let (version, host) = (env!("CARGO_PKG_VERSION"), peer.address);
        format!(
            "{method} /x HTTP/1.1\r\n{more}accept: */*\r\nuser-agent: mapae/{version}\r\nhost: {host}\r\n"
        )
    };
    let (get, post) = (head("GET", ""), head("POST", "content-type: application/x-www-form-urlencoded\r\n"));
    assert_eq!(peer.hears().await, format!("{get}\r\n"));
    let status = fetcher.post_form(&peer.url(), &[("logout_token", "a+b&c")], true).await.unwrap();
    assert_eq!(status, StatusCode::OK);
    let body = "logout_token=a%2Bb%26c";
    assert_eq!(peer.hears().await, format!("{post}content-length: {}\r\n\r\n{body}", body.len()));
}

#[tokio::test]
async fn lo_07_of_a_posted_form_only_the_status_is_heard() {
    let refused = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n\r\n";
    let peer = Peer::answering(refused, Then::Repeat("x")).await;
    let fetcher = lax(Arc::new(System::default()), Limits::USUAL);
    assert_eq!(fetcher.post_form(&peer.url(), &[], false).await, Ok(StatusCode::BAD_REQUEST));
    let moved = Peer::answering("HTTP/1.1 307 Temporary Redirect\r\nlocation: /y\r\n\r\n", Then::Close).await;
    assert_eq!(fetcher.post_form(&moved.url(), &[], false).await, Err(FetchError::Redirected));
}

#[tokio::test]
async fn dc_04_a_slow_host_is_asked_by_few_at_a_time() {
    let mut slow = Peer::answering("", Then::Wait).await;
    let mut quick = Peer::answering(FINE, Then::Close).await;
    let limits = Limits { of_site: 1, in_all: 2, time: Duration::from_secs(60) };
    let fetcher = Arc::new(lax(Scripted::new([&["127.0.0.1"][..]; 2]), limits));
    let ask = |address: EndpointUri| {
        let fetcher = fetcher.clone();
        tokio::spawn(async move { fetcher.get(&address, DOCUMENT_BYTES, ANYBODY).await })
    };
    let slowly = at(&format!("http://localhost:{}/x", slow.address.port()));
    let first = ask(slowly.clone());
    slow.hears().await;
    let second = ask(slowly);
    let other = ask(quick.url()).await.unwrap();
    assert!(other.is_ok(), "another host is not kept waiting");
    quick.hears().await;
    assert!(!slow.heard_more(), "the second waits for its turn");
    first.abort();
    slow.hears().await;
    second.abort();
}

#[tokio::test]
async fn lo_07_what_is_read_and_what_is_told_do_not_wait_for_each_other() {
    let (mut slow, quick) = (Peer::answering("", Then::Wait).await, Peer::answering(FINE, Then::Close).await);
    let fetcher = lax(Arc::new(System::default()), Limits { in_all: 1, ..PATIENT });
    let (silence, answer) = (slow.url(), quick.url());
    let told = tokio::select! {
        ended = fetcher.get(&silence, DOCUMENT_BYTES, ANYBODY) => panic!("{:?}", ended.map(drop)),
        told = async { slow.hears().await; fetcher.post_form(&answer, &[], false).await } => told,
    };
    assert_eq!(told, Ok(StatusCode::OK));
    let read = tokio::select! {
        ended = fetcher.post_form(&silence, &[], false) => panic!("{ended:?}"),
        read = async { slow.hears().await; fetcher.get(&answer, DOCUMENT_BYTES, ANYBODY).await } => read,
    };
    assert!(read.is_ok());
    let settings = config::Fetch { private_addresses: true, root_certificates: Vec::new() };
    let usual = Fetcher::new(&settings, Development::Yes);
    let (reading, telling) = (&usual.reading.strangers.resolver, &usual.telling.strangers.resolver);
    assert!(!Arc::ptr_eq(reading, telling), "lookups of their own");
}

const PATIENT: Limits = Limits { time: Duration::from_secs(60), in_all: 2, of_site: 1 };

/// Tells somebody who is quick while another one is being told who is not.
async fn told_meanwhile(fetcher: &Fetcher, (silent, quick): (bool, bool)) -> Result<StatusCode, FetchError> {
    let mut slow = Peer::answering("", Then::Wait).await;
    let well = Peer::answering(FINE, Then::Close).await;
    let (silence, answer) = (slow.url(), well.url());
    tokio::select! {
        ended = fetcher.post_form(&silence, &[], silent) => ended,
        told = async { slow.hears().await; fetcher.post_form(&answer, &[], quick).await } => told,
    }
}

/// Both are this machine, which is one site.
#[tokio::test]
async fn lo_07_an_app_that_is_silent_keeps_no_other_one_of_its_site_waiting() {
    let fetcher = lax(Arc::new(System::default()), PATIENT);
    for verified in [true, false] {
        assert_eq!(told_meanwhile(&fetcher, (verified, verified)).await, Ok(StatusCode::OK), "{verified}");
    }
}

#[tokio::test]
async fn lo_07_who_is_verified_is_told_while_strangers_take_all_their_places() {
    let fetcher = lax(Arc::new(System::default()), Limits { in_all: 1, ..PATIENT });
    assert_eq!(told_meanwhile(&fetcher, (false, true)).await, Ok(StatusCode::OK));
    let settings = config::Fetch { private_addresses: true, root_certificates: Vec::new() };
    let usual = Fetcher::new(&settings, Development::Yes);
    let Ways { verified, strangers } = &usual.telling;
    assert!(!Arc::ptr_eq(&verified.resolver, &strangers.resolver), "lookups of their own");
}

#[tokio::test]
async fn a_root_certificate_of_the_operators_is_trusted_and_only_for_its_names() {
    let root = Certificate::from_pem(include_bytes!("../testdata/root.pem")).unwrap();
    for (roots, host, expected) in [
        (vec![root.clone()], "fetched.example", Ok(b"hello".to_vec())),
        (vec![root], "other.example", Err(FetchError::Unreachable)),
        (Vec::new(), "fetched.example", Err(FetchError::Unreachable)),
    ] {
        let rules = Rules { private: true, loopback_http: false, roots };
        let fetcher = Fetcher::with(rules, Limits::USUAL, || Scripted::new([&["127.0.0.1"]]));
        let address = at(&format!("https://{host}:{}/", tls().port()));
        let outcome = fetcher.get(&address, DOCUMENT_BYTES, ANYBODY).await.map(|fetched| fetched.body);
        match (outcome, expected) {
            // On a machine without certificate authorities nothing can be built but with one's own.
            (Err(FetchError::NoRoots), Err(FetchError::Unreachable)) => {}
            (outcome, expected) => assert_eq!(outcome, expected, "{host}"),
        }
    }
}
