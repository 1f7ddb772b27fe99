//! The demo's live diagram as its viewers get it: one JSON object per message, by server-sent events (WHATWG HTML).

use std::time::Duration;

use bytes::Bytes;
use http::{
    Request,
    header::{ACCEPT, HOST},
};
use http_body_util::{BodyExt as _, Empty};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};

use crate::wire::Node;

/// A message that needs longer does not come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Everything that one viewer has got so far.
#[derive(Debug)]
pub struct Diagram {
    stream: Incoming,
    unread: Vec<u8>,
    messages: Vec<Message>,
    /// Messages before this one have been looked at.
    at: usize,
}

/// An arrow, or a word of the demo itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Message(Value);

impl Diagram {
    /// Begins to look, at the client's `/flow/events`.
    ///
    /// # Panics
    /// There is no stream.
    pub async fn of(client: &Node) -> Self {
        let stream = TcpStream::connect(client.address).await.expect("the demo listens");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("it speaks HTTP");
        tokio::spawn(connection);
        let host = client.issuer.rsplit('/').next().unwrap_or_default();
        let request = Request::get("/flow/events").header(HOST, host).header(ACCEPT, "text/event-stream");
        let request = request.body(Empty::<Bytes>::new()).expect("it is a request");
        let response = sender.send_request(request).await.expect("the demo answers");
        assert_eq!(response.status(), 200);
        Self { stream: response.into_body(), unread: Vec::new(), messages: Vec::new(), at: 0 }
    }

    /// The next request for an endpoint, after what was looked at before.
    ///
    /// # Panics
    /// There is none.
    pub async fn request(&mut self, endpoint: &str) -> Message {
        self.next(&format!("a request for {endpoint}"), |message| message.is("request", endpoint)).await
    }

    /// The answer to a request.
    ///
    /// # Panics
    /// There is none.
    pub async fn answer(&mut self, request: &Message) -> Message {
        let seq = request.seq();
        let answers = |message: &Message| message.number("answers") == Some(seq);
        match self.messages.iter().find(|message| answers(message)) {
            Some(message) => message.clone(),
            None => {
                let (at, answer) = (self.at, self.next(&format!("an answer to {request:?}"), answers).await);
                self.at = at;
                answer
            }
        }
    }

    /// The request that a message answers.
    ///
    /// # Panics
    /// It answers none.
    pub fn question(&self, answer: &Message) -> Message {
        let asked = answer.number("answers");
        let found = self.messages.iter().find(|message| Some(message.seq()) == asked);
        found.unwrap_or_else(|| panic!("{answer:?} answers nothing")).clone()
    }

    /// The next request for an endpoint, and the answer to it.
    ///
    /// # Panics
    /// There is none.
    pub async fn exchange(&mut self, endpoint: &str) -> (Message, Message) {
        let request = self.request(endpoint).await;
        let answer = self.answer(&request).await;
        (request, answer)
    }

    /// The newest exchange with an endpoint among what has been looked at.
    ///
    /// # Panics
    /// There was none.
    pub fn last_exchange(&self, endpoint: &str) -> (Message, Message) {
        let mut answers = self.messages.iter().rev().filter(|message| message.is("response", endpoint));
        let answer = answers.next().unwrap_or_else(|| panic!("nobody has asked {endpoint}"));
        (self.question(answer), answer.clone())
    }

    /// The next word of the demo with this English title.
    ///
    /// # Panics
    /// There is none.
    pub async fn word(&mut self, title: &str) -> Message {
        self.next(&format!("the word “{title}”"), |message| {
            message.text("kind") == "event" && message.text("title_en") == title
        })
        .await
    }

    /// The next message of which this is true.
    ///
    /// # Panics
    /// There is none.
    pub async fn next(&mut self, what: &str, wanted: impl Fn(&Message) -> bool) -> Message {
        let found = timeout(PATIENCE, async {
            loop {
                let news = self.messages.iter().enumerate().skip(self.at);
                let found = news.into_iter().find(|(_, message)| wanted(message));
                if let Some((place, message)) = found {
                    return (place, message.clone());
                }
                self.read().await;
            }
        })
        .await;
        let Ok((place, message)) = found else {
            let seen: Vec<String> = self.messages.iter().skip(self.at).map(Message::in_short).collect();
            panic!("{what} never came; there were {seen:#?}");
        };
        self.at = place + 1;
        message
    }

    /// Everything from one message to another.
    pub fn between(&self, first: &Message, last: &Message) -> impl Iterator<Item = &Message> {
        let within = first.seq()..=last.seq();
        self.messages.iter().filter(move |message| within.contains(&message.seq()))
    }

    /// Whether anything was asked of an endpoint between two messages.
    pub fn has_between(&self, first: &Message, last: &Message, endpoint: &str) -> bool {
        self.between(first, last).any(|message| message.text("endpoint") == endpoint)
    }

    /// How often an endpoint was asked between two messages.
    pub fn asked_between(&self, first: &Message, last: &Message, endpoint: &str) -> usize {
        self.between(first, last).filter(|message| message.is("request", endpoint)).count()
    }

    async fn read(&mut self) {
        let frame = self.stream.frame().await.expect("the stream goes on").expect("the demo is there");
        let Ok(data) = frame.into_data() else { return };
        self.unread.extend_from_slice(&data);
        // An event ends with an empty line.
        while let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = self.unread.drain(..end + 2).collect();
            let event = String::from_utf8(event).expect("the stream is text");
            // Messages have no name: what has one tells the page about the stream.
            if event.lines().any(|line| line.starts_with("event:")) {
                continue;
            }
            let data = event.lines().find_map(|line| line.strip_prefix("data: "));
            let message = data.map(|data| serde_json::from_str(data).expect("one JSON object per message"));
            self.messages.extend(message.map(Message));
        }
    }
}

impl Message {
    /// Its number among all messages.
    pub fn seq(&self) -> u64 {
        self.number("seq").unwrap_or_default()
    }

    /// A member that is a text; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A member that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    /// Who sent it, and to whom.
    pub fn way(&self) -> (&str, &str) {
        (self.text("from"), self.text("to"))
    }

    /// The status of an answer.
    pub fn status(&self) -> u64 {
        self.number("status").unwrap_or_default()
    }

    /// The value of a parameter, as it is shown; empty if there is none.
    pub fn parameter(&self, name: &str) -> &str {
        self.named("parameters", name)
    }

    /// The value of a header, as it is shown; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.named("headers", name)
    }

    /// Something in its JSON body, as it is shown.
    pub fn body(&self, name: &str) -> &Value {
        self.0.get("body").and_then(|body| body.get(name)).unwrap_or(&Value::Null)
    }

    /// The number of the group to which it belongs, and what that is about.
    pub fn story(&self) -> (u64, &str) {
        let story = self.0.get("story");
        let kind = story.and_then(|story| story.get("kind")).and_then(Value::as_str);
        let id = story.and_then(|story| story.get("id")).and_then(Value::as_u64);
        (id.unwrap_or_default(), kind.unwrap_or_default())
    }

    /// Whether it is of the background.
    pub fn is_noise(&self) -> bool {
        self.0.get("noise") == Some(&Value::Bool(true))
    }

    /// The names of its parameters.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let parameters = self.0.get("parameters").and_then(Value::as_array).into_iter().flatten();
        parameters.filter_map(|field| field.get("name").and_then(Value::as_str))
    }

    /// Whether all of it, as it was sent, has this text in it.
    pub fn has(&self, text: &str) -> bool {
        self.0.to_string().contains(text)
    }

    fn named(&self, list: &str, name: &str) -> &str {
        let list = self.0.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let found = list.iter().find(|field| field.get("name").is_some_and(|present| present == name));
        found.and_then(|field| field.get("value")).and_then(Value::as_str).unwrap_or_default()
    }

    fn is(&self, kind: &str, endpoint: &str) -> bool {
        self.text("kind") == kind && self.text("endpoint") == endpoint
    }

    fn in_short(&self) -> String {
        let (from, to) = self.way();
        let (kind, endpoint, title) = (self.text("kind"), self.text("endpoint"), self.text("title_en"));
        format!("{} {from} → {to} {kind} {endpoint} {} “{title}”", self.seq(), self.status())
    }
}
