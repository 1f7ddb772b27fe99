//! Real processes that share one vault: started, raced, killed with `kill -9`, with clocks that differ.

mod child;

use std::{env, process::Stdio, sync::Arc};

use mapae_client::AccessError;
use mapae_testkit::until;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    runtime::Runtime,
    sync::Semaphore,
    time::timeout,
};

use self::child::{Order, Plan, Report};
use crate::{
    issuer::Issuer,
    website::{PATIENCE, Website},
};

/// The test that a process of the service is started with.
const ENTRANCE: &str = "processes::mx_02_rp_29_a_thousand_reads_at_once_in_two_processes_refresh_once";

/// A process of the service. It ends with the test.
struct Process {
    child: Child,
    orders: ChildStdin,
    reports: Lines<BufReader<ChildStdout>>,
}

impl Process {
    async fn start(website: &Website, issuer: &Issuer) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", ENTRANCE, "--nocapture", "--skip", child::MARK])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let reports = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut process = Self { child, orders, reports };
        process
            .send(&Plan {
                vault: website.place.url().to_owned(),
                key: website.place.key_file(),
                issuer: issuer.url().to_owned(),
            })
            .await;
        assert_eq!(process.report::<String>().await, "ready");
        process
    }

    async fn send(&mut self, order: &impl Serialize) {
        let line = serde_json::to_string(order).unwrap() + "\n";
        self.orders.write_all(line.as_bytes()).await.unwrap();
    }

    async fn report<T: DeserializeOwned>(&mut self) -> T {
        loop {
            let line = self.reports.next_line().await.unwrap().expect("the process ended");
            if let Some(report) = line.strip_prefix('>') {
                return serde_json::from_str(report).unwrap();
            }
        }
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let pid = self.child.id().unwrap().to_string();
        let done = std::process::Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(done.success());
    }

    /// Stops it where it is. The signal alone is not enough: on a busy machine it goes on for a moment.
    #[cfg(unix)]
    async fn stop(&self) {
        self.signal("-STOP");
        let pid = self.child.id().unwrap().to_string();
        let state = || std::process::Command::new("ps").args(["-o", "state=", "-p", &pid]).output().unwrap();
        until("it stands still", async || state().stdout.starts_with(b"T")).await;
    }

    async fn read(&mut self, order: &Order) -> Report {
        self.send(order).await;
        self.report().await
    }
}

fn reads(reads: usize, now: i64) -> Order {
    Order { now, reads, subject: "alice".to_owned() }
}

#[test]
fn mx_02_rp_29_a_thousand_reads_at_once_in_two_processes_refresh_once() {
    if child::is_one() {
        return child::run();
    }
    Runtime::new().unwrap().block_on(a_thousand_reads());
}

async fn a_thousand_reads() {
    let (website, issuer) = Website::start().await;
    website.signed_in_person(&issuer).await;
    let mut one = Process::start(&website, &issuer).await;
    let mut other = Process::start(&website, &issuer).await;
    for round in 1..=3 {
        website.clock.advance(60);
        let order = reads(500, website.clock.unix());
        one.send(&order).await;
        other.send(&order).await;
        let (one, other): (Report, Report) = (one.report().await, other.report().await);
        assert_eq!(one.brought + other.brought, 1_000);
        assert_eq!((one.tokens.len(), &one.tokens), (1, &other.tokens), "{one:?} {other:?}");
        assert_eq!(issuer.refreshes(), round, "exactly one refresh reaches the provider");
    }
}

#[tokio::test]
async fn mx_02_rp_29_clocks_that_differ_make_no_second_refresh() {
    let (website, issuer) = Website::start().await;
    website.signed_in_person(&issuer).await;
    let mut slow = Process::start(&website, &issuer).await;
    let mut fast = Process::start(&website, &issuer).await;
    website.clock.advance(60);
    let gate = Arc::new(Semaphore::new(0));
    issuer.behave().gate = Some(Arc::clone(&gate));
    let now = website.clock.unix();
    slow.send(&reads(20, now)).await;
    issuer.refresh_arrives().await;
    // On this clock the other's lease has been over for 20 seconds. It is watched all the same.
    fast.send(&reads(20, now + 27)).await;
    let waits = timeout(PATIENCE, fast.report::<Report>()).await;
    assert!(waits.is_err(), "{waits:?}");
    gate.add_permits(1);
    let (slow, fast): (Report, Report) = (slow.report().await, fast.report().await);
    assert_eq!(issuer.refreshes(), 1);
    assert_eq!((slow.tokens.len(), &slow.tokens), (1, &fast.tokens), "{slow:?} {fast:?}");
    assert_eq!((slow.brought, fast.brought), (20, 20), "{slow:?} {fast:?}");
}

#[tokio::test]
async fn mx_02_rp_29_a_refresher_killed_in_the_middle_is_stood_in_for_in_time() {
    let (website, issuer) = Website::start().await;
    website.signed_in_person(&issuer).await;
    let mut killed = Process::start(&website, &issuer).await;
    let mut next = Process::start(&website, &issuer).await;
    let gate = Arc::new(Semaphore::new(0));
    issuer.behave().gate = Some(gate);
    website.clock.advance(60);
    killed.send(&reads(10, website.clock.unix())).await;
    issuer.refresh_arrives().await;
    killed.child.kill().await.unwrap();
    issuer.behave().gate = None;

    // The next one comes when the lease is long over, and still within the seconds in which a lost successor is given again.
    let report = next.read(&reads(10, website.clock.unix() + 68)).await;
    assert_eq!((report.tokens.len(), report.brought), (1, 10), "{report:?}");
    assert_eq!(issuer.refreshes(), 2);
    let sent: Vec<_> =
        issuer.hits("/token").into_iter().filter_map(|hit| hit.form.get("refresh_token").cloned()).collect();
    assert_eq!(sent[0], sent[1]);
}

#[tokio::test]
async fn rp_23_rp_29_a_rotation_lost_with_the_process_means_sign_in_again() {
    let (website, issuer) = Website::start().await;
    website.signed_in_person(&issuer).await;
    let mut killed = Process::start(&website, &issuer).await;
    let mut next = Process::start(&website, &issuer).await;
    issuer.behave().gate = Some(Arc::new(Semaphore::new(0)));
    website.clock.advance(60);
    killed.send(&reads(1, website.clock.unix())).await;
    issuer.refresh_arrives().await;
    killed.child.kill().await.unwrap();
    issuer.behave().gate = None;

    website.clock.advance(120);
    let report = next.read(&reads(10, website.clock.unix())).await;
    assert_eq!(report.sign_in_again, 10, "{report:?}");
    assert_eq!(issuer.refreshes(), 2, "asked once, and never with the dead token again");
    let (again, _) = website.sign_in(&issuer, "alice").await.unwrap();
    assert!(again.user(&website).await.is_some());
    let report = next.read(&reads(10, website.clock.unix())).await;
    assert_eq!((report.tokens.len(), report.brought), (1, 10), "{report:?}");
}

/// The pause of a virtual machine: whoever was stopped in the middle of a refresh goes on when others have long taken over.
#[cfg(unix)]
#[tokio::test]
async fn rp_29_a_stopped_process_goes_on_and_ends_nothing_new() {
    for dead in [true, false] {
        let (website, issuer) = Website::start().await;
        let person = website.signed_in_person(&issuer).await;
        let mut stopped = Process::start(&website, &issuer).await;
        let gate = Arc::new(Semaphore::new(0));
        {
            let mut behaviour = issuer.behave();
            behaviour.gate = Some(Arc::clone(&gate));
            behaviour.refreshes_are_dead = dead;
        }
        website.clock.advance(60);
        stopped.send(&reads(1, website.clock.unix())).await;
        issuer.refresh_arrives().await;
        stopped.stop().await;
        gate.add_permits(1);
        issuer.behave().gate = None;

        // The lease is over, and the grant turns out to be dead.
        issuer.behave().refreshes_are_dead = true;
        website.clock.advance(68);
        let refused = website.client.access_token(&person).await.unwrap_err();
        assert!(matches!(refused, AccessError::SignInAgain), "{refused:?}");
        issuer.behave().refreshes_are_dead = false;
        let (again, _) = website.sign_in(&issuer, "alice").await.unwrap();
        let new = website.client.access_token(&person).await.unwrap();

        stopped.signal("-CONT");
        let report: Report = stopped.report().await;
        assert_eq!(report.brought, 1, "with the token of the new login: {report:?}");
        assert!(again.user(&website).await.is_some(), "{dead}");
        assert!(website.client.access_token(&person).await.unwrap().is(&new), "{dead}");
    }
}
