//! Aiming two things at the same moment, so that now the one is first and now the other.

use std::time::Duration;

use mapae_e2e::chance::Chance;

/// What chance adds to the aim, in microseconds, half of it to each side.
const SPREAD: i64 = 3_000;
/// The aim moves by no less than this and no more than that from round to round, in microseconds.
const FINEST: i64 = 200;
const COARSEST: i64 = 1_000_000;

/// How much later than its ending an app starts. Whoever was first in a round starts later in the next one: faster and
/// faster while it stays first, more and more finely once the other has been.
#[derive(Debug)]
pub(super) struct Aim {
    lag: i64,
    step: i64,
    /// 1 after a round in which the app was first, -1 after another one, 0 before all of them.
    towards: i64,
}

impl Aim {
    /// Starts with both at once; `step` is about how long the ending takes, in microseconds.
    pub(super) const fn by(step: i64) -> Self {
        Self { lag: 0, step, towards: 0 }
    }

    /// How long the ending and the app wait before they start.
    pub(super) fn pauses(&self, chance: &mut Chance) -> (Duration, Duration) {
        let spread = i64::try_from(chance.below(SPREAD.unsigned_abs())).unwrap_or_default();
        let lag = self.lag + spread - SPREAD / 2;
        let apart = Duration::from_micros(lag.unsigned_abs());
        if lag < 0 { (apart, Duration::ZERO) } else { (Duration::ZERO, apart) }
    }

    /// Takes the outcome of a round into account.
    pub(super) fn learn(&mut self, app_first: bool) {
        let towards = if app_first { 1 } else { -1 };
        match self.towards * towards {
            1 => self.step = (self.step * 2).min(COARSEST),
            -1 => self.step = (self.step / 2).max(FINEST),
            _ => {}
        }
        self.lag += towards * self.step;
        self.towards = towards;
    }
}

#[test]
fn an_aim_finds_an_ending_that_takes_its_time() {
    for takes in [-40_000, 0, 700, 5_000, 300_000] {
        let mut aim = Aim::by(10_000);
        let mut firsts = [0, 0];
        for _ in 0..10 {
            let app_first = aim.lag < takes;
            firsts[usize::from(app_first)] += 1;
            aim.learn(app_first);
        }
        assert!(firsts[0] > 0 && firsts[1] > 0, "{takes}: {firsts:?}");
    }
    let (ending, app) = Aim { lag: -50_000, ..Aim::by(1) }.pauses(&mut Chance::of(1));
    assert!(ending > Duration::from_millis(48) && app.is_zero());
}
