//! Ports that nobody listens at.

use std::{
    fs, iter,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
};

use mapae_protocol::random;

/// Where Linux says from which ports it takes those of connections.
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// Below all of these, as systems are delivered.
const USUAL: Range<u16> = LOWEST..32_000;
/// What is known by its number lies below.
const LOWEST: u16 = 20_000;
/// Among fewer ports, two tests would choose the same one.
const ENOUGH: usize = 1_000;
/// How often it is tried.
const TRIES: usize = 1_000;

/// A port that nobody listens at.
///
/// The system gives it to no connection of its own accord: it stays free until whoever wants it has it.
///
/// # Panics
/// All are taken.
pub fn free_port() -> u16 {
    free_ports(&[0])
}

/// A port such that it and those at these distances above it are free.
///
/// # Panics
/// All are taken.
pub fn free_ports(distances: &[u16]) -> u16 {
    let ports = fs::read_to_string(EPHEMERAL).ok().and_then(|said| outside(&said)).unwrap_or(USUAL);
    let highest = distances.iter().max().copied().unwrap_or_default();
    let span = (ports.end - ports.start).saturating_sub(highest).max(1);
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let chosen = || ports.start + u16::from_le_bytes(random::bytes()) % span;
    let mut chosen = iter::repeat_with(chosen).take(TRIES);
    chosen.find(|port| distances.iter().all(|distance| is_free(port + distance))).expect("a port is free")
}

/// The ports below or above those of connections, whichever are more; `None` where there are hardly any.
fn outside(said: &str) -> Option<Range<u16>> {
    let mut numbers = said.split_whitespace().map(str::parse::<u16>);
    let (first, last) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let sides = [LOWEST..first, last.saturating_add(1).max(LOWEST)..u16::MAX];
    sides.into_iter().filter(|side| side.len() >= ENOUGH).max_by_key(|side| side.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_connections_are_left_to_them() {
        assert_eq!(outside("32768\t60999\n"), Some(20_000..32_768));
        assert_eq!(outside("15000\t30000\n"), Some(30_001..65_535));
        for nowhere in ["1024\t65535\n", "", "some"] {
            assert_eq!(outside(nowhere), None, "{nowhere}");
        }
    }
}
