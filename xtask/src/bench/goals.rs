//! What was to be reached, and whether it was.

use super::figures::{Figures, Part, Sample};
use super::plan::{
    BOUND_FLOW, CLIENT_CREDENTIALS, CODE_FLOW, DEVICE, DISCOVERY, INTROSPECT_JWT, INTROSPECT_OPAQUE, JWKS,
    SCENARIOS, USERINFO_JWT, USERINFO_OPAQUE, Who,
};
use super::server::{mib, tenths};

/// One thing to reach.
struct Goal {
    what: What,
    wanted: f64,
}

/// What is compared.
#[derive(Clone, Copy)]
enum What {
    /// Work per CPU second, as a share of what the bare handlers do with one.
    OfBare(&'static str),
    /// Work per CPU second, as a multiple of what the peer does with one.
    OfPeer(&'static str),
    /// Work per second, as a multiple of the peer's.
    RateOfPeer(&'static str),
    /// Resident memory at most, shared or not, in MiB, before anybody came.
    IdleMemory,
    /// The same after all the load.
    LoadedMemory,
    /// Time to the first answer at most, in milliseconds.
    Start,
}

/// A goal and what came of it.
pub(super) struct Outcome {
    pub(super) text: String,
    pub(super) wanted: String,
    pub(super) measured: String,
    pub(super) reached: bool,
}

const GOALS: &[Goal] = &[
    Goal { what: What::OfBare(CLIENT_CREDENTIALS), wanted: 0.65 },
    Goal { what: What::OfPeer(CLIENT_CREDENTIALS), wanted: 5.0 },
    Goal { what: What::OfPeer(CODE_FLOW), wanted: 5.0 },
    Goal { what: What::RateOfPeer(CODE_FLOW), wanted: 1.0 },
    // Most of it are signatures, which both have made in native code.
    Goal { what: What::OfPeer(BOUND_FLOW), wanted: 3.0 },
    Goal { what: What::OfPeer(DEVICE), wanted: 5.0 },
    Goal { what: What::OfPeer(INTROSPECT_OPAQUE), wanted: 5.0 },
    Goal { what: What::OfPeer(USERINFO_OPAQUE), wanted: 5.0 },
    Goal { what: What::OfBare(INTROSPECT_JWT), wanted: 0.65 },
    Goal { what: What::OfBare(USERINFO_JWT), wanted: 0.65 },
    Goal { what: What::OfBare(DISCOVERY), wanted: 0.65 },
    Goal { what: What::OfBare(JWKS), wanted: 0.65 },
    Goal { what: What::IdleMemory, wanted: 20.0 },
    Goal { what: What::LoadedMemory, wanted: 20.0 },
    Goal { what: What::Start, wanted: 60.0 },
];

/// All goals in order, with what came of them.
pub(super) fn judge(figures: &Figures) -> Vec<Outcome> {
    GOALS.iter().map(|goal| goal.judge(figures)).collect()
}

impl Goal {
    fn judge(&self, figures: &Figures) -> Outcome {
        let measured = self.what.measure(figures);
        let reached = match self.what {
            What::OfBare(_) | What::OfPeer(_) | What::RateOfPeer(_) => {
                measured.is_some_and(|value| value >= self.wanted)
            }
            What::IdleMemory | What::LoadedMemory | What::Start => {
                measured.is_some_and(|value| value <= self.wanted)
            }
        };
        Outcome {
            text: self.what.text(),
            wanted: self.what.bound(self.wanted),
            measured: measured.map_or_else(|| "not measured".to_owned(), |value| self.what.value(value)),
            reached,
        }
    }
}

impl What {
    fn measure(self, figures: &Figures) -> Option<f64> {
        let against = |scenario, other| figures.ratio(scenario, Sample::cpu as Part, other, Who::Mapae);
        match self {
            Self::OfBare(scenario) => against(scenario, Who::Bare),
            Self::OfPeer(scenario) => against(scenario, Who::Peer),
            Self::RateOfPeer(scenario) => figures.ratio(scenario, Sample::per_second, Who::Mapae, Who::Peer),
            Self::IdleMemory => Some(mib(figures.memory.idle.rss)),
            Self::LoadedMemory => figures
                .memory
                .loaded
                .iter()
                .find(|(who, _)| *who == Who::Mapae)
                .map(|(_, memory)| mib(memory.rss)),
            Self::Start => figures.start_ms(),
        }
    }

    fn text(self) -> String {
        let title = |name: &str| {
            SCENARIOS.iter().find(|scenario| scenario.name == name).map_or("", |found| found.title)
        };
        match self {
            Self::OfBare(scenario) => format!("{}: per CPU second, share of bare", title(scenario)),
            Self::OfPeer(scenario) => {
                format!("{}: per CPU second, multiple of oidc-provider", title(scenario))
            }
            Self::RateOfPeer(scenario) => {
                format!("{}: flows per second, multiple of oidc-provider", title(scenario))
            }
            Self::IdleMemory => "Resident memory after start".to_owned(),
            Self::LoadedMemory => "Resident memory after all the load of this run".to_owned(),
            Self::Start => {
                "Start with an existing data folder to first answered discovery, median".to_owned()
            }
        }
    }

    fn value(self, value: f64) -> String {
        match self {
            Self::OfBare(_) => format!("{:.0} %", value * 100.0),
            Self::OfPeer(_) | Self::RateOfPeer(_) => format!("{value:.1}×"),
            Self::IdleMemory | Self::LoadedMemory => format!("{} MiB", tenths(value)),
            Self::Start => format!("{value:.0} ms"),
        }
    }

    fn bound(self, wanted: f64) -> String {
        let sign = match self {
            Self::OfBare(_) | Self::OfPeer(_) | Self::RateOfPeer(_) => "≥",
            Self::IdleMemory | Self::LoadedMemory | Self::Start => "≤",
        };
        format!("{sign} {}", self.value(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::figures;
    use super::*;

    fn outcome(outcomes: &[Outcome], text: &str) -> (String, String, bool) {
        let found = outcomes.iter().find(|outcome| outcome.text.contains(text)).unwrap();
        (found.wanted.clone(), found.measured.clone(), found.reached)
    }

    #[test]
    fn less_cpu_than_the_peer_is_a_multiple_and_more_than_bare_is_a_share() {
        let peer = judge(&figures(CODE_FLOW, Who::Peer, &[([0.2, 900.0], [1.1, 1000.0])]));
        let flow = outcome(&peer, "browser, remembered consent (two requests): per CPU second");
        assert_eq!(flow, ("≥ 5.0×".into(), "5.5×".into(), true));
        assert_eq!(outcome(&peer, "flows per second"), ("≥ 1.0×".into(), "0.9×".into(), false));
        let bare = judge(&figures(JWKS, Who::Bare, &[([0.02, 1.0], [0.012, 1.0])]));
        assert_eq!(outcome(&bare, "JWKS"), ("≥ 65 %".into(), "60 %".into(), false));
        assert_eq!(outcome(&bare, "Discovery"), ("≥ 65 %".into(), "not measured".into(), false));
    }

    #[test]
    fn memory_and_start_are_bounds_from_above() {
        let outcomes = judge(&figures(JWKS, Who::Bare, &[]));
        assert_eq!(outcome(&outcomes, "after start"), ("≤ 20.0 MiB".into(), "10.0 MiB".into(), true));
        assert_eq!(outcome(&outcomes, "first answered"), ("≤ 60 ms".into(), "30 ms".into(), true));
    }
}
