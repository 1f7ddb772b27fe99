//! All servers side by side, and the rounds in which each is asked in turn.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::build::Programs;
use super::figures::{MemoryFigures, Sample};
use super::installation::Installation;
use super::plan::{Pace, SCENARIOS, Scenario, Who};
use super::server::{Memory, Server};

/// All servers, running.
pub(super) struct Field<'a> {
    programs: &'a Programs,
    folder: &'a Path,
    installation: Installation<'a>,
    listen: String,
    servers: Vec<(Who, Server)>,
    /// Of Mapae, before anybody came.
    idle: Memory,
}

impl<'a> Field<'a> {
    /// Sets everything up, starts all, signs everybody in.
    pub(super) fn open(programs: &'a Programs, folder: &'a Path) -> anyhow::Result<Self> {
        let installation =
            Installation { mapae: &programs.mapae, bench: &programs.bench, data: folder.join("data") };
        println!("Mapae is set up …");
        let registered = installation.set_up()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let listen = format!("127.0.0.1:{port}");
        let (mapae, _) = Server::start(installation.serve(&listen), &folder.join("mapae.log"))?;
        let idle = mapae.memory()?;
        let mut field = Self { programs, folder, installation, listen, servers: Vec::new(), idle };
        let place = json!({ "address": field.listen, "host": format!("localhost:{port}") });
        let target = merged(&[registered, place, json!({ "pid": mapae.pid() })]);
        field.servers.push((Who::Mapae, mapae));
        let target = field.signed_in(Who::Mapae, target)?;
        field.start_bare(&target)?;
        field.start_peer()?;
        Ok(field)
    }

    fn start_bare(&mut self, like: &Value) -> anyhow::Result<()> {
        let mut command = Command::new(&self.programs.bench);
        command.args(["bare", "--like"]).arg(self.target(Who::Mapae));
        let (server, ready) = Server::start(command, &self.folder.join("bare.log"))?;
        let target = merged(&[like.clone(), ready, json!({ "pid": server.pid() })]);
        self.servers.push((Who::Bare, server));
        self.describe(Who::Bare, &target)
    }

    fn start_peer(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new("node");
        command.arg("peer.mjs").current_dir(&self.programs.peer).env("NODE_ENV", "production");
        let (server, ready) = Server::start(command, &self.folder.join("peer.log"))?;
        let target = merged(&[ready, json!({ "pid": server.pid() })]);
        self.servers.push((Who::Peer, server));
        self.signed_in(Who::Peer, target).map(|_| ())
    }

    /// Signs everybody in, and describes the server with what came of it.
    fn signed_in(&self, who: Who, target: Value) -> anyhow::Result<Value> {
        println!("everybody signs in at {} …", who.title());
        self.describe(who, &target)?;
        let found = self.bench(&["prepare".as_ref(), "--target".as_ref(), self.target(who).as_ref()])?;
        let target = merged(&[target, found]);
        self.describe(who, &target)?;
        Ok(target)
    }

    fn describe(&self, who: Who, target: &Value) -> anyhow::Result<()> {
        fs::write(self.target(who), target.to_string()).context("a description could not be written")
    }

    /// The file that describes a server to the load generator.
    fn target(&self, who: Who) -> PathBuf {
        self.folder.join(format!("{}.json", who.title()))
    }

    /// Runs the load generator; its one line of JSON.
    fn bench(&self, arguments: &[&std::ffi::OsStr]) -> anyhow::Result<Value> {
        let mut command = Command::new(&self.programs.bench);
        command.args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit());
        let output = command.output().context("mapae-bench could not be started")?;
        if !output.status.success() {
            bail!("the measurement failed; what the servers said is in {}", self.folder.display());
        }
        serde_json::from_slice(&output.stdout).context("mapae-bench does not answer with JSON")
    }

    fn measure(&self, scenario: &Scenario, who: Who, pace: &Pace) -> anyhow::Result<Sample> {
        let [warm_up, seconds] = [pace.warm_up, pace.seconds].map(|seconds| seconds.to_string());
        let tokens = pace.tokens.to_string();
        let target = self.target(who);
        let source = self.target(if who == Who::Bare { Who::Mapae } else { who });
        let measured = self.bench(&[
            "measure".as_ref(),
            "--target".as_ref(),
            target.as_ref(),
            "--tokens-from".as_ref(),
            source.as_ref(),
            "--scenario".as_ref(),
            scenario.name.as_ref(),
            "--warm-up".as_ref(),
            warm_up.as_ref(),
            "--seconds".as_ref(),
            seconds.as_ref(),
            "--tokens".as_ref(),
            tokens.as_ref(),
        ])?;
        Sample::parse(scenario.name, who, &measured).context("mapae-bench does not say what was measured")
    }

    /// What the servers occupy after all the load.
    pub(super) fn memory(&self) -> anyhow::Result<MemoryFigures> {
        let loaded = self.servers.iter().map(|(who, server)| Ok((*who, server.memory()?)));
        Ok(MemoryFigures { idle: self.idle, loaded: loaded.collect::<anyhow::Result<_>>()? })
    }

    /// Ends all servers, then starts Mapae again and again on the data that the load has left. In seconds.
    pub(super) fn into_starts(mut self, count: usize) -> anyhow::Result<Vec<f64>> {
        println!("Mapae is started {count} times …");
        for (who, server) in self.servers.drain(..) {
            // Only Mapae has something to bring in order.
            if who == Who::Mapae {
                server.stop()?;
            }
        }
        let serve = self.installation.serve(&self.listen);
        let count = count.to_string();
        let options = ["start", "--count", &count, "--address", &self.listen, "--"].map(AsRef::as_ref);
        let words = options.into_iter().chain([serve.get_program()]).chain(serve.get_args());
        let started = self.bench(&words.collect::<Vec<_>>())?;
        let seconds = started.get("seconds").and_then(Value::as_array).context("no times")?;
        seconds.iter().map(|value| value.as_f64().context("not a time")).collect()
    }
}

/// Measures everything in every round; the first round warms all servers up and does not count.
pub(super) fn run(field: &Field<'_>, pace: &Pace) -> anyhow::Result<Vec<Vec<Sample>>> {
    let mut rounds = Vec::new();
    for number in 0..=pace.rounds {
        match number {
            0 => println!("\nround 0, which does not count"),
            _ => println!("\nround {number} of {}", pace.rounds),
        }
        let mut samples = Vec::new();
        for scenario in SCENARIOS {
            for who in scenario.who {
                let sample = field.measure(scenario, *who, pace)?;
                println!("  {sample}");
                samples.push(sample);
            }
        }
        rounds.push(samples);
    }
    rounds.remove(0);
    Ok(rounds)
}

/// The fields of several objects; the last one that has a field decides.
fn merged(objects: &[Value]) -> Value {
    let fields = objects.iter().filter_map(Value::as_object).flatten();
    fields.map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_fields_decide() {
        let all = merged(&[json!({ "a": 1, "b": 2 }), json!({ "b": 3 }), json!({ "c": 4 })]);
        assert_eq!(all, json!({ "a": 1, "b": 3, "c": 4 }));
    }
}
