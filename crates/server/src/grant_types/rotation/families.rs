//! Families of refresh tokens, driven by everybody who may hold one of them.

use std::collections::{BTreeMap, BTreeSet};

use mapae_protocol::seal::{SealRoot, Sealer};
use proptest::prelude::*;

use super::*;
use crate::store::{
    alive::{Epochs, States},
    grants::Given,
};

const APP: &str = "app_1";
const WITHOUT_KEY: Presenter<'static> = Presenter { client_id: APP, key: None };
const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn grant(secret: &RefreshSecret) -> Grant {
    let end = NOW.plus(Seconds::days(30));
    Grant {
        given: Given {
            id: "gra_1".to_owned(),
            origin: "code:1".to_owned(),
            user_id: "usr_1".to_owned(),
            app_id: APP.to_owned(),
            consent_id: "con_1".to_owned(),
            session_id: Some("ses_1".to_owned()),
            offline: false,
            scopes: "openid".to_owned(),
            resource: None,
            claims: None,
            jkt: None,
            auth_time: NOW,
            amr: "pwd".to_owned(),
            acr: None,
            epochs: EPOCHS,
            code_expires_at: NOW,
            expires_at: end,
        },
        generation: 0,
        refresh_hash: Some(secret.hash().into()),
        successor: None,
        created_at: NOW,
        last_used_at: NOW,
        idle_expires_at: end,
        revoked_at: None,
    }
}

const EPOCHS: Epochs = Epochs { user: 1, app: 1, consent: 1, session: Some(1) };

/// The grant's row, the time, and everybody's tokens.
struct Family {
    facts: GrantFacts,
    now: Timestamp,
    sealer: Sealer<RefreshTokens>,
    rotates: bool,
    window: Seconds,
    /// Every token that was ever given to anybody, in the order in which it was made.
    given: Vec<String>,
    /// How often each of them was taken.
    taken: BTreeMap<usize, usize>,
}

/// A decision that is taken and not written yet.
struct Pending {
    token: RefreshToken,
    outcome: Result<Succession, Refused>,
}

impl Family {
    fn new(rotates: bool, window: Seconds) -> Self {
        let sealer = Sealer::new(&[SealRoot::generate()]).unwrap();
        let secret = RefreshSecret::generate();
        let facts =
            GrantFacts { grant: grant(&secret), states: States::living(EPOCHS, NOW.plus(Seconds::days(30))) };
        let first = RefreshToken::first("gra_1", secret).seal(&sealer).unwrap();
        Self { facts, now: NOW, sealer, rotates, window, given: vec![first], taken: BTreeMap::new() }
    }

    fn decide(&self, text: &str) -> Pending {
        let token = RefreshToken::open(text, &self.sealer).unwrap();
        let rules = Rules {
            rotates: self.rotates,
            window: self.window,
            idle: Seconds::days(7),
            sealer: &self.sealer,
        };
        let outcome = turn(&token, &self.facts, WITHOUT_KEY, self.now)
            .map(|turn| succession(&token, &turn, RefreshSecret::generate(), &rules, self.now).unwrap());
        Pending { token, outcome }
    }

    /// Writes as the store does: on the condition that the generation is still the presented one and the grant alive.
    /// `false`: somebody else was faster.
    fn write(&mut self, pending: &Pending) -> bool {
        let grant = &mut self.facts.grant;
        let current = grant.generation == pending.token.generation && grant.revoked_at.is_none();
        match &pending.outcome {
            Err(Refused::Replayed) => {
                // `REVOKE`: unconditional, and once.
                let at = *grant.revoked_at.get_or_insert(self.now);
                (grant.refresh_hash, grant.successor, grant.revoked_at) = (None, None, Some(at));
                true
            }
            Err(_) => true,
            Ok(Succession { change: Change::None, .. }) => true,
            Ok(Succession { change: Change::Used { idle_expires_at }, .. }) if current => {
                grant.idle_expires_at = *idle_expires_at;
                true
            }
            Ok(Succession {
                change: Change::Rotated { refresh_hash, successor, idle_expires_at }, ..
            }) if current => {
                grant.generation += 1;
                grant.refresh_hash = Some(refresh_hash.clone());
                grant.successor = successor.clone();
                grant.idle_expires_at = *idle_expires_at;
                true
            }
            Ok(_) => false,
        }
    }

    /// The token endpoint: what was decided is written, or decided again.
    fn finish(&mut self, which: usize, mut pending: Pending) -> Result<Option<String>, Refused> {
        while !self.write(&pending) {
            pending = self.decide(&self.given[which].clone());
        }
        let succession = pending.outcome?;
        *self.taken.entry(which).or_default() += 1;
        if let Some(text) = &succession.token
            && !self.given.contains(text)
        {
            self.given.push(text.clone());
        }
        Ok(succession.token)
    }

    fn present(&mut self, which: usize) -> Result<Option<String>, Refused> {
        let pending = self.decide(&self.given[which].clone());
        self.finish(which, pending)
    }

    /// Who would be given something now: each token's place and turn.
    fn accepted(&self) -> Vec<(usize, Turn)> {
        let opened = self.given.iter().map(|text| RefreshToken::open(text, &self.sealer).unwrap());
        let turns = opened.map(|token| turn(&token, &self.facts, WITHOUT_KEY, self.now).ok());
        turns.enumerate().filter_map(|(which, turn)| Some((which, turn?))).collect()
    }

    /// What must be true at every moment.
    fn check(&self) -> Result<(), TestCaseError> {
        let accepted = self.accepted();
        let leaves: Vec<_> = accepted.iter().filter(|(_, turn)| *turn == Turn::Next).collect();
        prop_assert!(leaves.len() <= 1, "two live leaves: {:?}", accepted);
        let last = self.given.len() - 1;
        for (which, turn) in &accepted {
            match turn {
                Turn::Next => prop_assert_eq!(*which, last, "the leaf is the newest"),
                Turn::Again { successor } => {
                    prop_assert_eq!(*which + 1, last, "only its parent is forgiven");
                    prop_assert_eq!(successor, &self.given[last], "and given the same leaf");
                }
            }
        }
        let generations: Vec<_> = self
            .given
            .iter()
            .map(|text| RefreshToken::open(text, &self.sealer).unwrap().generation)
            .collect();
        let distinct: BTreeSet<_> = generations.iter().collect();
        prop_assert_eq!(distinct.len(), generations.len(), "a generation forked");
        if self.facts.grant.revoked_at.is_some() {
            prop_assert!(accepted.is_empty(), "a revoked family gives something: {:?}", accepted);
        }
        if self.rotates && self.window.get() == 0 {
            prop_assert!(self.taken.values().all(|times| *times == 1), "taken twice: {:?}", self.taken);
        }
        Ok(())
    }
}

/// What somebody does.
#[derive(Clone, Debug)]
enum Deed {
    /// Presents one of the tokens that were ever given, counted from the newest.
    Present(usize),
    /// Several present tokens at the same moment: all of them are judged by the same facts.
    Race(Vec<usize>),
    Wait(u32),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => Just(Deed::Present(0)),
        2 => (0..4_usize).prop_map(Deed::Present),
        2 => prop::collection::vec(0..3_usize, 2..5).prop_map(Deed::Race),
        2 => (1..15_u32).prop_map(Deed::Wait),
    ];
    prop::collection::vec(deed, 1..24)
}

proptest! {
    #[test]
    fn re_01_to_re_03_at_most_one_leaf_lives_and_a_replay_ends_the_family(
        deeds in deeds(),
        rotates in prop::bool::weighted(0.9),
        window in prop_oneof![Just(0_u32), Just(10)],
    ) {
        let mut family = Family::new(rotates, Seconds::seconds(window));
        for deed in deeds {
            let from_newest = |family: &Family, back: usize| family.given.len() - 1 - back.min(family.given.len() - 1);
            match deed {
                Deed::Wait(seconds) => family.now = family.now.plus(Seconds::seconds(seconds)),
                Deed::Present(back) => {
                    let which = from_newest(&family, back);
                    let accepted = family.accepted().iter().any(|(place, _)| *place == which);
                    let newest = which + 1 == family.given.len();
                    prop_assert_eq!(family.present(which).is_ok(), accepted);
                    let replay = !accepted && !newest;
                    prop_assert!(!replay || family.facts.grant.revoked_at.is_some(), "a replay left the family alive");
                }
                Deed::Race(backs) => {
                    let racers: Vec<_> = backs.iter().map(|back| from_newest(&family, *back)).collect();
                    let pending: Vec<_> =
                        racers.iter().map(|which| (*which, family.decide(&family.given[*which]))).collect();
                    for (which, pending) in pending {
                        let _ = family.finish(which, pending);
                    }
                }
            }
            family.check()?;
        }
    }
}

#[test]
fn re_01_with_no_window_one_of_many_at_once_succeeds() {
    let mut family = Family::new(true, Seconds::ZERO);
    let pending: Vec<_> = (0..8).map(|_| family.decide(&family.given[0])).collect();
    let results: Vec<_> = pending.into_iter().map(|pending| family.finish(0, pending)).collect();
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(family.accepted().is_empty(), "the other seven are replays: the family has ended");
}

#[test]
fn the_window_forgives_a_lost_answer_until_its_successor_is_used_or_time_is_over() {
    let window = Seconds::seconds(10);
    let mut family = Family::new(true, window);
    let first = family.present(0).unwrap();
    assert_eq!(family.present(0), Ok(first.clone()), "the same answer again");
    family.now = family.now.plus(Seconds::seconds(9));
    assert_eq!(family.present(0), Ok(first));
    family.now = family.now.plus(Seconds::seconds(1));
    assert_eq!(family.present(0), Err(Refused::Replayed), "ten seconds are over");
    let mut family = Family::new(true, window);
    family.present(0).unwrap();
    family.present(1).unwrap();
    assert_eq!(family.present(0), Err(Refused::Replayed), "its successor was used");
    assert_eq!(family.present(2), Err(Refused::OtherSecret), "and the newest ends with the family");
}

#[test]
fn every_reason_for_which_a_token_is_not_taken() {
    let family = Family::new(true, Seconds::ZERO);
    let mine = RefreshToken::open(&family.given[0], &family.sealer).unwrap();
    let judged = |token: &RefreshToken, change: &dyn Fn(&mut GrantFacts), client: &str| {
        let mut facts = family.facts.clone();
        change(&mut facts);
        turn(token, &facts, Presenter { client_id: client, key: None }, NOW)
    };
    let guessed = RefreshToken { secret: RefreshSecret::generate(), ..mine.clone() };
    let from_the_future = RefreshToken { generation: 1, ..mine.clone() };
    let same = |_: &mut GrantFacts| {};
    assert_eq!(judged(&mine, &same, APP), Ok(Turn::Next));
    assert_eq!(judged(&mine, &same, "app_2"), Err(Refused::OtherClient));
    assert_eq!(judged(&guessed, &same, APP), Err(Refused::OtherSecret));
    assert_eq!(judged(&from_the_future, &same, APP), Err(Refused::Replayed));
    for (dead, change) in [
        (
            Dead::Revoked,
            &(|facts: &mut GrantFacts| facts.grant.revoked_at = Some(NOW)) as &dyn Fn(&mut GrantFacts),
        ),
        (Dead::Expired, &|facts| facts.grant.given.expires_at = NOW),
        (Dead::Expired, &|facts| facts.grant.idle_expires_at = NOW),
        (Dead::SessionEnded, &|facts| facts.states.session = None),
        (Dead::UserDisabled, &|facts| facts.states.user = None),
    ] {
        assert_eq!(judged(&mine, change, APP), Err(Refused::Dead(dead)), "{dead:?}");
        assert_eq!(judged(&mine, change, "app_2"), Err(Refused::OtherClient), "first of all, whose it is");
    }
}

#[test]
fn re_06_who_has_not_the_key_can_neither_use_a_token_nor_end_its_family() {
    let secret = RefreshSecret::generate();
    let [own, other] = [1, 2].map(|byte| Thumbprint::from_bytes([byte; 32]));
    let mut grant = grant(&secret);
    grant.given.jkt = Some(own.to_string());
    grant.generation = 3;
    let facts = GrantFacts { grant, states: States::living(EPOCHS, NOW.plus(Seconds::days(30))) };
    let with = |generation: i64, key: Option<Thumbprint>| {
        let token = RefreshToken { grant_id: "gra_1".to_owned(), generation, secret: secret.clone() };
        turn(&token, &facts, Presenter { client_id: APP, key }, NOW)
    };
    assert_eq!(with(3, Some(own)), Ok(Turn::Next));
    assert_eq!(with(0, Some(own)), Err(Refused::Replayed));
    for generation in [0, 3] {
        assert_eq!(with(generation, Some(other)), Err(Refused::OtherKey));
        assert_eq!(with(generation, None), Err(Refused::OtherKey));
    }
}
