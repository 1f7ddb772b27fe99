//! A wire to PostgreSQL that breaks at a chosen moment, or is down for a while.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
    sync::watch,
};

/// When the wire breaks; once, then it is whole again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// Not at all.
    Never = 0,
    /// When the client sends something with this word in it, before it is passed on.
    Before = 1,
    /// When it has been passed on and the server has answered, before the answer is.
    After = 2,
}

/// Passes bytes between a client and the server's socket.
pub(super) struct Cutter {
    address: String,
    cut: Arc<AtomicU8>,
    down: watch::Sender<bool>,
}

impl Cutter {
    /// Listens on a port of its own; `word` is what a cut waits for.
    pub(super) async fn new(socket: PathBuf, word: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let cut = Arc::new(AtomicU8::new(Cut::Never as u8));
        let armed = Arc::clone(&cut);
        let (down, seen) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&socket).await.unwrap();
                let passing = pass(client, server, word, Arc::clone(&armed));
                let ending = is_down(seen.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        biased;
                        () = ending => {}
                        () = passing => {}
                    }
                });
            }
        });
        Self { address, cut, down }
    }

    /// Whether nothing passes from now on: what was open is closed.
    pub(super) fn set_down(&self, down: bool) {
        self.down.send_replace(down);
    }

    /// The address of the database `url` by this wire.
    pub(super) fn url(&self, url: &str) -> String {
        let database = url.rsplit('/').next().unwrap();
        format!("postgres://postgres@{}/{database}?sslmode=disable", self.address)
    }

    pub(super) fn arm(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::SeqCst);
    }

    /// Whether the wire has broken since it was armed.
    pub(super) fn was_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst) == Cut::Never as u8
    }
}

/// Waits until it is, or until nobody can say so any more.
async fn is_down(mut seen: watch::Receiver<bool>) {
    let _ = seen.wait_for(|down| *down).await;
}

async fn pass(mut client: TcpStream, mut server: UnixStream, word: &[u8], cut: Arc<AtomicU8>) {
    let (mut from_client, mut from_server) = ([0; 16_384], [0; 16_384]);
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(1..) = read else { return };
                let bytes = &from_client[..read.unwrap()];
                let now = bytes.windows(word.len()).any(|window| window == word);
                let armed = if now { cut.swap(Cut::Never as u8, Ordering::SeqCst) } else { Cut::Never as u8 };
                if armed == Cut::Before as u8 {
                    return;
                }
                server.write_all(bytes).await.unwrap();
                if armed == Cut::After as u8 {
                    // Its answer shows that the server has done it.
                    assert!(server.read(&mut from_server).await.unwrap() > 0);
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(1..) = read else { return };
                if client.write_all(&from_server[..read.unwrap()]).await.is_err() {
                    return;
                }
            }
        }
    }
}
