//! What was measured, and the medians and ratios of it.

use std::fmt;

use serde_json::{Value, json};

use super::plan::{SCENARIOS, Who};
use super::server::Memory;

/// One measurement: one scenario on one server in one round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    scenario: &'static str,
    who: Who,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    /// CPU seconds of the server's process per 1000 requests or flows.
    cpu: f64,
}

/// Everything that was measured.
pub(super) struct Figures {
    /// By round.
    pub(super) samples: Vec<Vec<Sample>>,
    pub(super) memory: MemoryFigures,
    /// From the start of the process to the first answer, in seconds.
    pub(super) starts: Vec<f64>,
}

/// What the servers occupy.
pub(super) struct MemoryFigures {
    /// Mapae, before anybody came.
    pub(super) idle: Memory,
    /// Everybody, after all the load.
    pub(super) loaded: Vec<(Who, Memory)>,
}

/// Which figure of a measurement.
pub(super) type Part = fn(&Sample) -> f64;

impl Sample {
    /// Reads what `mapae-bench measure` says.
    pub(super) fn parse(scenario: &'static str, who: Who, measured: &Value) -> Option<Self> {
        let number = |name: &str| measured.get(name).and_then(Value::as_f64);
        let count = number("count").filter(|count| *count > 0.0)?;
        Some(Self {
            scenario,
            who,
            per_second: count / number("seconds")?,
            p50_ms: number("p50_seconds")? * 1000.0,
            p99_ms: number("p99_seconds")? * 1000.0,
            cpu: number("cpu_seconds")? * 1000.0 / count,
        })
    }

    pub(super) fn per_second(&self) -> f64 {
        self.per_second
    }

    pub(super) fn p50_ms(&self) -> f64 {
        self.p50_ms
    }

    pub(super) fn p99_ms(&self) -> f64 {
        self.p99_ms
    }

    pub(super) fn cpu(&self) -> f64 {
        self.cpu
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, who, per_second, p50_ms, p99_ms, cpu } = self;
        let who = who.title();
        write!(
            f,
            "{scenario:18} {who:13} {per_second:8.0}/s  p50 {p50_ms:7.2} ms  p99 {p99_ms:7.2} ms  CPU {cpu:.4} s per 1000"
        )
    }
}

impl Figures {
    /// The median over the rounds of one figure.
    pub(super) fn median(&self, scenario: &str, who: Who, part: Part) -> Option<f64> {
        median(self.samples.iter().filter_map(|round| Some(part(sample(round, scenario, who)?))).collect())
    }

    /// The median over the rounds of one server's figure divided by another's in the same round: what disturbed the one
    /// disturbed the other, too.
    pub(super) fn ratio(&self, scenario: &str, part: Part, above: Who, below: Who) -> Option<f64> {
        let of_round = |round: &Vec<Sample>| {
            let below = part(sample(round, scenario, below)?);
            (below > 0.0).then_some(part(sample(round, scenario, above)?) / below)
        };
        median(self.samples.iter().filter_map(of_round).collect())
    }

    /// The median time to the first answer, in milliseconds.
    pub(super) fn start_ms(&self) -> Option<f64> {
        Some(median(self.starts.clone())? * 1000.0)
    }

    /// Every measurement.
    pub(super) fn to_json(&self) -> Value {
        let scenarios = SCENARIOS.iter().map(|scenario| {
            let of =
                scenario.who.iter().map(|who| (who.title().to_owned(), self.rounds_of(scenario.name, *who)));
            (scenario.name.to_owned(), of.collect::<serde_json::Map<_, _>>().into())
        });
        let loaded =
            self.memory.loaded.iter().map(|(who, memory)| (who.title().to_owned(), memory_json(*memory)));
        json!({
            "scenarios": scenarios.collect::<serde_json::Map<_, _>>(),
            "memory_bytes": {
                "after_start": { "Mapae": memory_json(self.memory.idle) },
                "after_load": loaded.collect::<serde_json::Map<_, _>>(),
            },
            "start_seconds": self.starts,
        })
    }

    fn rounds_of(&self, scenario: &str, who: Who) -> Value {
        let samples: Vec<&Sample> =
            self.samples.iter().filter_map(|round| sample(round, scenario, who)).collect();
        let all = |part: Part| samples.iter().map(|sample| part(sample)).collect::<Vec<_>>();
        json!({
            "per_second": all(Sample::per_second),
            "p50_ms": all(Sample::p50_ms),
            "p99_ms": all(Sample::p99_ms),
            "cpu_seconds_per_1000": all(Sample::cpu),
        })
    }
}

fn sample<'r>(round: &'r [Sample], scenario: &str, who: Who) -> Option<&'r Sample> {
    round.iter().find(|sample| sample.scenario == scenario && sample.who == who)
}

fn memory_json(memory: Memory) -> Value {
    json!({ "rss": memory.rss, "pss": memory.pss })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { Some((*values.get(middle - 1)? + upper) / 2.0) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Rounds of one scenario in which Mapae and another use so much CPU and answer so fast.
    pub(in crate::bench) fn figures(
        scenario: &'static str,
        other: Who,
        rounds: &[([f64; 2], [f64; 2])],
    ) -> Figures {
        let sample = |who, [cpu, per_second]: [f64; 2]| Sample {
            scenario,
            who,
            per_second,
            p50_ms: 1.0,
            p99_ms: 2.0,
            cpu,
        };
        let round =
            |(mapae, others): &([f64; 2], [f64; 2])| vec![sample(Who::Mapae, *mapae), sample(other, *others)];
        let memory = Memory { rss: 10 << 20, pss: 9 << 20 };
        Figures {
            samples: rounds.iter().map(round).collect(),
            memory: MemoryFigures { idle: memory, loaded: vec![(Who::Mapae, memory)] },
            starts: vec![0.04, 0.02],
        }
    }

    #[test]
    fn a_measurement_is_read() {
        let measured = json!({ "count": 500, "seconds": 2.0, "cpu_seconds": 0.05, "p50_seconds": 0.001, "p99_seconds": 0.004 });
        let sample = Sample::parse("jwks", Who::Mapae, &measured).unwrap();
        assert_eq!((sample.per_second, sample.p50_ms, sample.p99_ms, sample.cpu), (250.0, 1.0, 4.0, 0.1));
        assert_eq!(Sample::parse("jwks", Who::Mapae, &json!({ "count": 0 })), None);
    }

    #[test]
    fn medians_are_of_rounds_and_ratios_within_them() {
        let rounds = [([1.0, 10.0], [4.0, 5.0]), ([2.0, 20.0], [10.0, 5.0]), ([9.0, 30.0], [54.0, 5.0])];
        let figures = figures("jwks", Who::Peer, &rounds);
        assert_eq!(figures.median("jwks", Who::Mapae, Sample::cpu), Some(2.0));
        assert_eq!(figures.median("jwks", Who::Peer, Sample::cpu), Some(10.0));
        assert_eq!(figures.ratio("jwks", Sample::cpu, Who::Peer, Who::Mapae), Some(5.0));
        assert_eq!(figures.ratio("jwks", Sample::cpu, Who::Bare, Who::Mapae), None);
        assert_eq!(figures.start_ms(), Some(30.0));
        assert_eq!(median(vec![]), None);
    }
}
