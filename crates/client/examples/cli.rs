//! A native program that signs in through the browser — RFC 8252 §7.3.
//!
//! ```text
//! cargo run -p mapae-client --example cli -- ISSUER CLIENT_ID [--no-browser]
//! ```
//!
//! The client is registered as public, with the redirect URI `http://127.0.0.1/callback`: a native app's loopback
//! address matches on any port.

use std::{env, process::Command};

use mapae_client::{
    BoxError, CallbackResponse, ClientRegistration, Clock, CompletedLogin, LoginRequest, Provider,
    ProviderSettings, StartedLogin,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// Longest request of a browser that is read.
const MAX_REQUEST: usize = 16 * 1_024;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (flags, words): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|argument| argument.starts_with("--"));
    let &[issuer, client_id] = words.as_slice() else {
        return Err("usage: cli ISSUER CLIENT_ID [--no-browser]".into());
    };

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let redirect_uri = format!("http://{}/callback", listener.local_addr()?);
    let registration = ClientRegistration::new(client_id, redirect_uri).with_scopes("openid profile email");
    let provider =
        Provider::discover(issuer, registration, ProviderSettings::new("provider").for_development())?;

    let started = provider.start(&LoginRequest::new(), Clock::system().now()).await?;
    if flags.contains(&"--no-browser") || !open_browser(&started.authorization_url) {
        println!("Open this address in a browser:\n{}", started.authorization_url);
    }
    let CompletedLogin { identity, .. } = await_callback(listener, &provider, started).await?;
    println!("Signed in: {}", printable(identity.name().unwrap_or("(no name)")));
    println!("Subject:   {}", printable(identity.person().subject()));
    if let Some(email) = identity.email() {
        println!("E-mail:    {} (verified: {})", printable(&email.address), email.is_verified());
    }
    Ok(())
}

/// What a provider says, for a terminal, which would obey the escape sequences in somebody's name.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// Serves the loopback address until the browser brings the answer.
async fn await_callback(
    listener: TcpListener,
    provider: &Provider,
    started: StartedLogin,
) -> Result<CompletedLogin, BoxError> {
    let mut callbacks = callbacks(listener);
    while let Some((mut browser, response)) = callbacks.recv().await {
        // Any page can send something here; only the answer to this login ends it.
        if !started.pending.is_answered_by(&response) {
            answer(&mut browser, "400 Bad Request", "This is not an answer to this program.").await;
            continue;
        }
        let finished = provider.finish(started.pending, &response, Clock::system().now()).await;
        match &finished {
            Ok(_) => answer(&mut browser, "200 OK", "Signed in. You can close this window.").await,
            Err(_) => answer(&mut browser, "400 Bad Request", "Signing in failed. See the program.").await,
        }
        return Ok(finished?);
    }
    Err("the loopback address cannot be served any more".into())
}

/// What browsers bring to the callback. Each connection is read on its own: browsers open some in advance and say
/// nothing on them.
fn callbacks(listener: TcpListener) -> mpsc::Receiver<(TcpStream, CallbackResponse)> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        while let Ok((mut browser, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let query = callback_query(&mut browser).await;
                match query.map(|query| CallbackResponse::parse(Some(&query))) {
                    // Nobody waits any more when the login has ended.
                    Some(Ok(response)) => drop(sender.send((browser, response)).await),
                    Some(Err(_)) => answer(&mut browser, "400 Bad Request", "This cannot be read.").await,
                    // A favicon, or a program that knocks at ports.
                    None => answer(&mut browser, "404 Not Found", "Nothing here.").await,
                }
            });
        }
    });
    receiver
}

/// The query of `GET /callback?…`; `None` for every other request.
async fn callback_query(browser: &mut TcpStream) -> Option<String> {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        if request.len() > MAX_REQUEST || browser.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
    let line = std::str::from_utf8(&request).ok()?.lines().next()?.to_owned();
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    target.strip_prefix("/callback?").map(str::to_owned)
}

async fn answer(browser: &mut TcpStream, status: &str, text: &str) {
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         referrer-policy: no-referrer\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    // The browser may be gone; the login does not depend on what it shows.
    let _ = browser.write_all(answer.as_bytes()).await;
}

fn open_browser(url: &str) -> bool {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    Command::new(program).args(arguments).arg(url).status().is_ok_and(|status| status.success())
}
