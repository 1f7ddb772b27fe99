//! Nothing acknowledged is lost, nothing is spent twice: races and `kill -9` against real processes.
//!
//! Everybody who takes part notes what the server told them, and an independent checker judges the notes.
//!
//! A kill ends the process, not the machine: what the process had handed to the kernel still reaches the disk. So these
//! tests show that nothing is acknowledged before it is written, and that nothing lives only in memory; whether the disk
//! keeps what was written when the power fails is beyond them.
//!
//! How often is small here, so that every change can run it; `cargo xtask races` sets the two numbers below higher.

mod aim;
mod codes;
mod endings;
mod kills;
mod refresh;
mod scene;
mod twins;

use std::{env, time::Duration};

use mapae_e2e::{checker::Rules, process::Installation};

/// How many codes, and how many generations of refresh tokens, are raced on each set-up.
const RACES: &str = "MAPAE_TEST_RACES";
/// How often the process is killed on SQLite; a quarter of that on PostgreSQL.
const KILLS: &str = "MAPAE_TEST_KILLS";
/// The beginning of every choice by chance, to repeat a run.
const SEED: &str = "MAPAE_TEST_SEED";

/// How many contend for each.
const CONTENDERS: usize = 8;

/// The server's own window for refreshes whose answer was lost.
const WINDOW: Rules = Rules { retry_window: Duration::from_secs(10) };
/// Without a window, as `tokens.refresh_retry_seconds = 0` has it.
const STRICT: Rules = Rules { retry_window: Duration::ZERO };

/// Nothing may end by its age while a slow machine is still racing it.
fn long_lived(installation: Installation) -> Installation {
    installation.with("MAPAE_TOKENS__CODE_SECONDS", 600).with("MAPAE_TOKENS__ACCESS_TOKEN_SECONDS", 86_400)
}

fn setting(name: &str) -> Option<u64> {
    let value = env::var_os(name)?.into_string().expect("a number is text");
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn races() -> usize {
    usize::try_from(setting(RACES).unwrap_or(1000)).expect("it is not that many")
}

fn kills() -> usize {
    usize::try_from(setting(KILLS).unwrap_or(20)).expect("it is not that many")
}

/// The seed of a run, printed so that the run can be repeated.
fn seed(what: &str) -> u64 {
    let seed =
        setting(SEED).unwrap_or_else(|| u64::from(u32::from_le_bytes(mapae_protocol::random::bytes())));
    println!("{what}: {SEED}={seed}");
    seed
}

/// One line for the summary of `cargo xtask races`.
///
/// Of something that was tried `tried` times and never happened, it is 95 % certain that it happens less often than once
/// in a third of that (the rule of three).
fn report(what: &str, tried: usize, unit: &str, details: &str) {
    let bound = 3.0 / f64::from(u32::try_from(tried).expect("it is not that many"));
    println!(
        "durability: {what}: {tried} {unit}, 0 violations (below {bound:.1e} each, 95 % certain); {details}"
    );
}
