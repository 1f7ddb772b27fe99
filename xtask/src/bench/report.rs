//! The page about it, and the same for programs.

use std::fmt;

use serde_json::{Value, json};

use super::figures::{Figures, Sample};
use super::goals::{self, Outcome};
use super::machine::Machine;
use super::plan::{Pace, SCENARIOS, Scenario, Who};
use super::server::{Memory, mib, tenths};

/// Everything that there is to say about a run.
pub(super) struct Report<'a> {
    pub(super) machine: &'a Machine,
    pub(super) pace: &'a Pace,
    pub(super) figures: &'a Figures,
    pub(super) release: bool,
}

const INTRODUCTION: &str = "# How fast it is

Written by `cargo xtask bench`; run it to see what your machine says.
";

const METHOD: &str = "## How it was measured

- Three servers ran side by side, each as a process of its own on loopback, and were asked in turn, one at a time: **Mapae** (`mapae serve`, its
  release build, durable on SQLite with `synchronous=FULL`); **oidc-provider**, the npm package, in one Node process with `NODE_ENV=production`, ES256,
  JWT access tokens by resource indicator and its in-memory store, enlarged so that it forgets nothing within a round; **bare**, axum handlers that
  parse the form, sign with ES256 or verify one signature, and answer with Mapae's bytes and headers, without client authentication, limits, a store,
  or any rule: what nobody can leave out.
- Mapae was set up by its own command line, and 64 people signed in once by the pages of each server. Everything measured is what comes after.
- The load came from one single-threaded process over 64 kept connections, each of which asks, waits for the whole answer, and asks again. It runs on
  the same machine, so **throughput and times are lower bounds**; what a request costs is its *CPU seconds per 1000*: user and system time of the
  server's process.
- Every answer was checked; a wrong one ends the run. Tokens are made just before they are shown, and each is shown once.
- The code flow is two requests that count as one: `GET /authorize` with the browser's cookie, answered with a code, and `POST /token` with the
  verifier, answered with an access token and an ID token, both ES256. Mapae has the grant on disk before it answers; oidc-provider keeps it in memory.
- The same with PAR, private_key_jwt and DPoP is three requests: `POST /par` and `POST /token`, each with an assertion and a proof that are new, and
  `GET /authorize` between them. The bare handlers verify both signatures of each and sign both tokens; they remember neither.
- The peer neither introspects JWTs nor takes them at userinfo, nor exchanges them. The bare handlers cannot look into opaque tokens, nor know of
  devices.
- Figures are medians over the rounds, after one round that does not count; ratios are medians of the ratios within each round.
- What is durable here survives the end of the process (`kill -9`). Whether it survives a power cut is up to the disk.
";

impl Report<'_> {
    /// In one line, how many goals were reached.
    pub(super) fn verdict(&self) -> String {
        let outcomes = goals::judge(self.figures);
        let reached = outcomes.iter().filter(|outcome| outcome.reached).count();
        format!("{reached} of {} goals are reached", outcomes.len())
    }

    /// All measurements, and what came of the goals.
    pub(super) fn to_json(&self) -> Value {
        let goal = |outcome: Outcome| json!({ "goal": outcome.text, "wanted": outcome.wanted, "measured": outcome.measured, "reached": outcome.reached });
        json!({
            "machine": self.machine.to_json(),
            "release_build": self.release,
            "rounds": self.pace.rounds,
            "seconds": self.pace.seconds,
            "tokens": self.pace.tokens,
            "goals": goals::judge(self.figures).into_iter().map(goal).collect::<Vec<_>>(),
            "measured": self.figures.to_json(),
        })
    }

    fn write_goals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## Goals\n\n{}.\n", self.verdict())?;
        writeln!(f, "| goal | wanted | measured | |\n|---|---|---|---|")?;
        for Outcome { text, wanted, measured, reached } in goals::judge(self.figures) {
            let verdict = if reached { "reached" } else { "**not reached**" };
            writeln!(f, "| {text} | {wanted} | {measured} | {verdict} |")?;
        }
        writeln!(f)
    }

    fn write_figures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## Figures\n")?;
        writeln!(
            f,
            "| scenario | server | per second | p50 ms | p99 ms | CPU s per 1000 | CPU, Mapae = 1 |"
        )?;
        writeln!(f, "|---|---|---:|---:|---:|---:|---:|")?;
        for scenario in SCENARIOS {
            self.write_scenario(f, scenario)?;
        }
        writeln!(f)
    }

    fn write_scenario(&self, f: &mut fmt::Formatter<'_>, scenario: &Scenario) -> fmt::Result {
        for (at, who) in scenario.who.iter().enumerate() {
            let title = if at == 0 { scenario.title } else { "" };
            let median = |part| self.figures.median(scenario.name, *who, part).unwrap_or(f64::NAN);
            let ratio = self.figures.ratio(scenario.name, Sample::cpu, *who, Who::Mapae).unwrap_or(f64::NAN);
            writeln!(
                f,
                "| {title} | {} | {:.0} | {:.2} | {:.2} | {:.4} | {ratio:.2} |",
                who.title(),
                median(Sample::per_second),
                median(Sample::p50_ms),
                median(Sample::p99_ms),
                median(Sample::cpu),
            )?;
        }
        Ok(())
    }

    fn write_memory(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = &self.figures.memory;
        writeln!(f, "## Memory and start\n\n| | RSS MiB | PSS MiB |\n|---|---:|---:|")?;
        let idle = [("Mapae, after start".to_owned(), memory.idle)];
        let loaded = memory
            .loaded
            .iter()
            .map(|(who, memory)| (format!("{}, after all the load", who.title()), *memory));
        for (what, memory) in idle.into_iter().chain(loaded) {
            writeln!(f, "{}", row(&what, memory))?;
        }
        let (starts, median) = (self.figures.starts.len(), self.figures.start_ms().unwrap_or(f64::NAN));
        writeln!(
            f,
            "\nFrom the start of the process, on the data folder that all this load has left, to the first answered discovery \
             request: {median:.1} ms, the median of {starts} starts.\n"
        )
    }
}

fn row(what: &str, memory: Memory) -> String {
    format!("| {what} | {} | {} |", tenths(mib(memory.rss)), tenths(mib(memory.pss)))
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pace { rounds, seconds, tokens, .. } = self.pace;
        writeln!(f, "{INTRODUCTION}")?;
        if !self.release {
            writeln!(f, "**Debug build: these figures mean nothing.**\n")?;
        }
        writeln!(
            f,
            "Measured on {}. {rounds} rounds of {seconds} seconds, or of {tokens} tokens, each.\n",
            self.machine
        )?;
        self.write_goals(f)?;
        self.write_figures(f)?;
        self.write_memory(f)?;
        f.write_str(METHOD)
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::figures;
    use super::super::plan::JWKS;
    use super::*;

    #[test]
    fn memory_is_the_same_in_the_table_of_goals_and_in_its_own() {
        let mut figures = figures(JWKS, Who::Bare, &[]);
        // 19.56 MiB: rounded and cut off, it would be two figures.
        figures.memory.idle.rss = 20_510_000;
        let goal = goals::judge(&figures).into_iter().find(|goal| goal.text.contains("after start")).unwrap();
        assert_eq!(goal.measured, "19.6 MiB");
        assert_eq!(row("Mapae", figures.memory.idle), "| Mapae | 19.6 | 9.0 |");
    }
}
