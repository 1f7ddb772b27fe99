//! A process of the service: it shares the vault with others, and nothing else.

use std::{
    env,
    io::{self, BufRead, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use mapae_client::{AccessError, Client, Clock, EndUser, Vault, VaultKey};
use mapae_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::website::{User, Users, provider_at};

/// What a process is told first.
#[derive(Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) vault: String,
    pub(super) key: PathBuf,
    pub(super) issuer: String,
}

/// So many reads of one person's token, all at once.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Order {
    /// The time on this process's clock.
    pub(super) now: i64,
    pub(super) reads: usize,
    pub(super) subject: String,
}

/// What the reads came to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Report {
    /// The tokens that they brought, each once.
    pub(super) tokens: Vec<String>,
    /// How many brought a token.
    pub(super) brought: usize,
    pub(super) sign_in_again: usize,
    pub(super) unavailable: usize,
}

/// The argument by which a test program knows that it is one of these processes.
pub(super) const MARK: &str = "a-process-of-the-service";

/// Whether this is one.
pub(super) fn is_one() -> bool {
    env::args().any(|argument| argument == MARK)
}

/// What it does: as it is told on its input.
pub(super) fn run() {
    let mut orders = io::stdin().lock().lines();
    let plan: Plan = serde_json::from_str(&orders.next().unwrap().unwrap()).unwrap();
    let runtime = Runtime::new().unwrap();
    let clock = Arc::new(AtomicI64::new(0));
    let client = runtime.block_on(open(&plan, &clock));
    say(&"ready");
    for order in orders {
        let order: Order = serde_json::from_str(&order.unwrap()).unwrap();
        clock.store(order.now, Ordering::SeqCst);
        let person = EndUser::new(&plan.issuer, &order.subject);
        say(&runtime.block_on(read(&client, &person, order.reads)));
    }
}

async fn open(plan: &Plan, clock: &Arc<AtomicI64>) -> Client<User> {
    let vault = Vault::connect(&plan.vault, &VaultKey::file(&plan.key).unwrap()).await.unwrap();
    let time = Arc::clone(clock);
    Client::builder(vault, Users::default())
        .name("shop")
        .provider(provider_at("op", &plan.issuer))
        .clock(Clock::new(move || Timestamp::from_unix(time.load(Ordering::SeqCst))))
        .build()
        .unwrap()
}

async fn read(client: &Client<User>, person: &EndUser, reads: usize) -> Report {
    let readers: Vec<_> = (0..reads)
        .map(|_| {
            let (client, person) = (client.clone(), person.clone());
            tokio::spawn(async move { client.access_token(&person).await })
        })
        .collect();
    let mut report = Report::default();
    for reader in readers {
        match reader.await.unwrap() {
            Ok(token) => {
                report.brought += 1;
                report.tokens.push(token.expose().to_owned());
            }
            Err(AccessError::SignInAgain) => report.sign_in_again += 1,
            Err(_) => report.unavailable += 1,
        }
    }
    report.tokens.sort_unstable();
    report.tokens.dedup();
    report
}

/// One line that the test tells from those of the test program.
fn say(what: &impl Serialize) {
    println!("\n>{}", serde_json::to_string(what).unwrap());
    io::stdout().flush().unwrap();
}
