//! The checker against histories that are known to be good, and against copies of them with one thing made wrong.

use super::*;

const WINDOW: Rules = Rules { retry_window: Moment::from_secs(10) };
const STRICT: Rules = Rules { retry_window: Moment::ZERO };

fn d(name: &str) -> Digest {
    Digest::of(name)
}

fn tokens(access: &str, refresh: &str) -> Outcome {
    Outcome::Tokens { access: d(access), refresh: d(refresh) }
}

/// Operations, one after the other, each under a name.
#[derive(Clone, Default)]
struct Story {
    names: Vec<&'static str>,
    operations: Vec<Operation>,
    now: Moment,
}

impl Story {
    fn then(mut self, name: &'static str, act: Act, outcome: Outcome) -> Self {
        let began = self.now + Moment::from_millis(1);
        self.now = began + Moment::from_millis(1);
        self.operations.push(Operation { began, ended: self.now, act, outcome });
        self.names.push(name);
        self
    }

    /// While the operation before was under way.
    fn meanwhile(mut self, name: &'static str, act: Act, outcome: Outcome) -> Self {
        let last = self.operations.last().unwrap();
        let (began, ended) = (last.began + Moment::from_micros(100), last.ended + Moment::from_micros(100));
        self.operations.push(Operation { began, ended, act, outcome });
        self.names.push(name);
        self
    }

    fn later(mut self, seconds: u64) -> Self {
        self.now += Moment::from_secs(seconds);
        self
    }

    fn with(mut self, name: &str, outcome: Outcome) -> Self {
        let at = self.names.iter().position(|present| *present == name).unwrap();
        assert_ne!(self.operations[at].outcome, outcome, "{name}");
        self.operations[at].outcome = outcome;
        self
    }

    fn without(mut self, name: &str) -> Self {
        let at = self.names.iter().position(|present| *present == name).unwrap();
        self.names.remove(at);
        self.operations.remove(at);
        self
    }

    fn breaches(&self, rules: Rules) -> Vec<Breach> {
        let verdict = judge(&self.operations, rules);
        verdict.violations.iter().map(|violation| violation.breach).collect()
    }
}

fn redeem(code: &str) -> Act {
    Act::Redeem { code: d(code) }
}

fn refresh(token: &str) -> Act {
    Act::Refresh { token: d(token) }
}

fn introspect(access: &str) -> Act {
    Act::Introspect { access: d(access) }
}

fn authorize(session: &str) -> Act {
    Act::Authorize { session: d(session), app: d("app") }
}

fn agree(session: &str) -> Act {
    Act::Agree { session: d(session), app: d("app") }
}

fn sign_in(password: &str) -> Act {
    Act::SignIn { user: d("hong"), password: d(password) }
}

fn disconnect() -> Act {
    Act::Disconnect { user: d("hong"), app: d("app") }
}

fn change(from: &str, to: &str, session: &str) -> Act {
    Act::ChangePassword { user: d("hong"), from: d(from), to: d(to), in_session: d(session) }
}

/// Somebody has signed in and agreed, and the app has tokens.
fn begun() -> Story {
    let made = Act::CreateUser { user: d("hong"), password: d("pw1") };
    Story::default()
        .then("user", made, Outcome::Done)
        .then("app", Act::CreateApp { app: d("app") }, Outcome::Done)
        .then("sign in", sign_in("pw1"), Outcome::Session(d("s1")))
        .then("agree", agree("s1"), Outcome::Code(d("c1")))
        .then("redeem", redeem("c1"), tokens("a1", "r1"))
}

/// Everything that can happen, all of it as it should.
fn life() -> Story {
    begun()
        .then("a1 seen", introspect("a1"), Outcome::Alive)
        .then("r1", refresh("r1"), tokens("a2", "r2"))
        .then("r1 again", refresh("r1"), tokens("a3", "r2"))
        .then("r2", refresh("r2"), tokens("a4", "r3"))
        .then("a4 seen", introspect("a4"), Outcome::Alive)
        .then("c2", authorize("s1"), Outcome::Code(d("c2")))
        .then("redeem c2", redeem("c2"), tokens("b1", "q1"))
        .then("revoke b1", Act::RevokeAccess { access: d("b1") }, Outcome::Done)
        .then("b1 seen", introspect("b1"), Outcome::Refused)
        .then("q1", refresh("q1"), tokens("b2", "q2"))
        .then("revoke q2", Act::RevokeGrant { token: d("q2") }, Outcome::Done)
        .then("q2", refresh("q2"), Outcome::Refused)
        .then("c3", authorize("s1"), Outcome::Code(d("c3")))
        .then("disconnect", disconnect(), Outcome::Done)
        .then("redeem c3", redeem("c3"), Outcome::Refused)
        .then("a4 seen again", introspect("a4"), Outcome::Refused)
        .then("come back", authorize("s1"), Outcome::ConsentWanted)
        .then("agree again", agree("s1"), Outcome::Code(d("c4")))
        .then("redeem c4", redeem("c4"), tokens("d1", "t1"))
        .then("c4 replayed", redeem("c4"), Outcome::Refused)
        .then("d1 seen", introspect("d1"), Outcome::Refused)
        .then("second browser", sign_in("pw1"), Outcome::Session(d("s2")))
        .then("c5", authorize("s2"), Outcome::Code(d("c5")))
        .then("redeem c5", redeem("c5"), tokens("e1", "u1"))
        .then("sign out", Act::SignOut { session: d("s2") }, Outcome::Done)
        .then("u1", refresh("u1"), Outcome::Refused)
        .then("signed out", authorize("s2"), Outcome::SignInWanted)
        .then("change", change("pw1", "pw2", "s1"), Outcome::Session(d("s1b")))
        .then("old password", sign_in("pw1"), Outcome::Refused)
        .then("new password", sign_in("pw2"), Outcome::Session(d("s3")))
        .then("c6", authorize("s1b"), Outcome::Code(d("c6")))
        .then("redeem c6", redeem("c6"), tokens("f1", "v1"))
        .then("disable", Act::DisableApp { app: d("app") }, Outcome::Done)
        .later(2)
        .then("f1 seen", introspect("f1"), Outcome::Refused)
        .then("app gone", authorize("s1b"), Outcome::Refused)
}

#[test]
fn a_good_history_is_good() {
    let verdict = judge(&life().operations, WINDOW);
    assert_eq!(verdict.violations, [], "{}", verdict.explain(&life().operations));
    assert_eq!((verdict.acknowledged, verdict.unknown, verdict.sights), (26, 0, 45));
    assert_eq!(life().without("r1 again").breaches(STRICT), []);
}

#[test]
fn one_wrong_answer_in_a_good_history_is_found() {
    let code = |code| Outcome::Code(d(code));
    let (lost, risen) = (Breach::Lost, Breach::Resurrected);
    let seeds: &[(&str, Outcome, Breach)] = &[
        // one code, two successes
        ("c4 replayed", tokens("d2", "t2"), Breach::Double(d("c4"))),
        // lost
        ("sign in", Outcome::Refused, lost(Thing::Password(d("pw1")))),
        ("a1 seen", Outcome::Refused, lost(Thing::Access(d("a1")))),
        ("a4 seen", Outcome::Refused, lost(Thing::Access(d("a4")))),
        ("r1", Outcome::Refused, lost(Thing::Grant(d("c1")))),
        ("q1", Outcome::Refused, lost(Thing::Grant(d("c2")))),
        ("redeem c2", Outcome::Refused, lost(Thing::Code(d("c2")))),
        ("c2", Outcome::SignInWanted, lost(Thing::Session(d("s1")))),
        ("c2", Outcome::ConsentWanted, lost(Thing::Consent(3))),
        ("c2", Outcome::Refused, lost(Thing::App(d("app")))),
        ("new password", Outcome::Refused, lost(Thing::Password(d("pw2")))),
        // the window: a client that lost the answer gets it again
        ("r1 again", Outcome::Refused, lost(Thing::Grant(d("c1")))),
        ("r1 again", tokens("a3", "r9"), Breach::Fork(d("r1"))),
        // resurrected
        ("b1 seen", Outcome::Alive, risen(Thing::Access(d("b1")))),
        ("q2", tokens("b3", "q3"), risen(Thing::Grant(d("c2")))),
        ("redeem c3", tokens("c", "c"), risen(Thing::Code(d("c3")))),
        ("a4 seen again", Outcome::Alive, risen(Thing::Grant(d("c1")))),
        ("come back", code("c9"), risen(Thing::Consent(3))),
        ("d1 seen", Outcome::Alive, risen(Thing::Grant(d("c4")))),
        ("u1", tokens("e2", "u2"), risen(Thing::Grant(d("c5")))),
        ("signed out", code("c9"), risen(Thing::Session(d("s2")))),
        ("old password", Outcome::Session(d("s4")), risen(Thing::Password(d("pw1")))),
        ("f1 seen", Outcome::Alive, risen(Thing::Grant(d("c6")))),
        ("app gone", code("c9"), risen(Thing::App(d("app")))),
        // one secret for two
        ("redeem c5", tokens("d1", "u1"), Breach::Invented(d("u1"))),
        ("c5", code("c4"), Breach::Invented(d("c4"))),
    ];
    for (name, outcome, breach) in seeds {
        let breaches = life().with(name, outcome.clone()).breaches(WINDOW);
        assert!(breaches.contains(breach), "{name} → {outcome:?}: {breaches:?}");
    }
}

#[test]
fn a_code_without_an_agreement_and_tokens_from_nowhere_are_found() {
    let never_asked = life().without("agree").with("redeem", Outcome::Unknown);
    assert!(never_asked.breaches(WINDOW).contains(&Breach::Invented(d("c2"))));
    let forged = begun().then("forged", redeem("c7"), tokens("x", "y"));
    assert_eq!(forged.breaches(WINDOW), [Breach::Invented(d("c7"))]);
    let forged = begun().then("forged", refresh("r7"), tokens("x", "y"));
    assert_eq!(forged.breaches(WINDOW), [Breach::Invented(d("r7"))]);
}

#[test]
fn a_rotated_token_is_good_only_until_its_successor_is_used_and_only_for_a_while() {
    let rotated = begun().then("r1", refresh("r1"), tokens("a2", "r2"));
    let at_once = rotated.clone().then("again", refresh("r1"), tokens("a3", "r2"));
    assert_eq!(at_once.breaches(WINDOW), []);
    assert_eq!(at_once.breaches(STRICT), [Breach::Double(d("r1"))]);
    let late = rotated.clone().later(12).then("again", refresh("r1"), tokens("a3", "r2"));
    assert_eq!(late.breaches(WINDOW), [Breach::Stale(d("r1"))]);
    let used = rotated.then("r2", refresh("r2"), tokens("a3", "r3"));
    let after_use = used.clone().then("again", refresh("r1"), tokens("a4", "r2"));
    assert_eq!(after_use.breaches(WINDOW), [Breach::Stale(d("r1"))]);
    let replay = used.then("again", refresh("r1"), Outcome::Refused);
    assert_eq!(replay.clone().then("r3", refresh("r3"), Outcome::Refused).breaches(WINDOW), []);
    let survived = replay.then("r3", refresh("r3"), tokens("a5", "r4"));
    assert_eq!(survived.breaches(WINDOW), [Breach::Resurrected(Thing::Grant(d("c1")))]);
}

#[test]
fn a_lost_redemption_has_happened_or_not_but_not_both() {
    let lost =
        begun().then("c2", authorize("s1"), Outcome::Code(d("c2"))).then("?", redeem("c2"), Outcome::Unknown);
    let lost = lost.then("restart", Act::Restart, Outcome::Done);
    let happened = lost.clone().then("retry", redeem("c2"), Outcome::Refused);
    assert_eq!(happened.breaches(WINDOW), []);
    let not = lost.then("retry", redeem("c2"), tokens("b1", "q1"));
    assert_eq!(not.breaches(WINDOW), []);
    let both = happened.then("third", redeem("c2"), tokens("b1", "q1"));
    assert_eq!(both.breaches(WINDOW), [Breach::Resurrected(Thing::Code(d("c2")))]);
    let twice = not.then("third", redeem("c2"), tokens("b2", "q2"));
    assert_eq!(twice.breaches(WINDOW), [Breach::Double(d("c2"))]);
}

#[test]
fn a_lost_refresh_may_be_asked_again_and_must_then_be_answered() {
    let lost =
        begun().then("?", refresh("r1"), Outcome::Unknown).then("restart", Act::Restart, Outcome::Done);
    assert_eq!(lost.clone().then("retry", refresh("r1"), tokens("a2", "r2")).breaches(WINDOW), []);
    let refused = lost.clone().then("retry", refresh("r1"), Outcome::Refused);
    assert_eq!(refused.breaches(WINDOW), [Breach::Lost(Thing::Grant(d("c1")))]);
    assert_eq!(refused.breaches(STRICT), [], "without a window it was a replay");
    assert_eq!(lost.later(12).then("retry", refresh("r1"), Outcome::Refused).breaches(WINDOW), []);
}

#[test]
fn a_lost_disconnect_has_ended_all_or_nothing() {
    let lost = begun()
        .then("c2", authorize("s1"), Outcome::Code(d("c2")))
        .then("redeem c2", redeem("c2"), tokens("b1", "q1"))
        .then("?", disconnect(), Outcome::Unknown)
        .then("restart", Act::Restart, Outcome::Done);
    let a1 = |story: Story, outcome| story.then("a1", introspect("a1"), outcome);
    let b1 = |story: Story, outcome| story.then("b1", introspect("b1"), outcome);
    let (alive, dead) = (Outcome::Alive, Outcome::Refused);
    assert_eq!(b1(a1(lost.clone(), alive.clone()), alive.clone()).breaches(WINDOW), []);
    assert_eq!(b1(a1(lost.clone(), dead.clone()), dead.clone()).breaches(WINDOW), []);
    let torn = b1(a1(lost.clone(), dead.clone()), alive.clone());
    assert!(!torn.breaches(WINDOW).is_empty(), "one of two grants survived");
    let torn = b1(a1(lost.clone(), alive), dead.clone());
    assert_eq!(torn.breaches(WINDOW), [Breach::Lost(Thing::Access(d("b1")))]);
    let kept = a1(lost, dead).then("come back", authorize("s1"), Outcome::Code(d("c3")));
    assert!(!kept.breaches(WINDOW).is_empty(), "the grant is gone, the consent is not");
}

#[test]
fn a_server_follows_the_command_line_within_a_second_and_until_then_gives_codes_that_are_dead() {
    let disabled = || begun().then("disable", Act::DisableApp { app: d("app") }, Outcome::Done);
    let given = |story: Story| story.then("c2", authorize("s1"), Outcome::Code(d("c2")));
    let soon = given(disabled()).then("redeem c2", redeem("c2"), Outcome::Refused);
    assert_eq!(soon.breaches(WINDOW), []);
    let late = given(disabled().later(2)).breaches(WINDOW);
    assert_eq!(late, [Breach::Resurrected(Thing::App(d("app")))]);
    let without = given(begun()).then("redeem c2", redeem("c2"), Outcome::Refused);
    assert_eq!(without.breaches(WINDOW), [Breach::Lost(Thing::Code(d("c2")))]);
}

#[test]
fn what_happens_at_the_same_time_may_be_in_either_order() {
    let code = || begun().then("c2", authorize("s1"), Outcome::Code(d("c2")));
    for outcome in [tokens("b1", "q1"), Outcome::Refused] {
        let race =
            code().then("disconnect", disconnect(), Outcome::Done).meanwhile("c2", redeem("c2"), outcome);
        assert_eq!(race.clone().breaches(WINDOW), []);
        assert_eq!(race.then("a1", introspect("a1"), Outcome::Refused).breaches(WINDOW), []);
    }
    let won = code().then("disconnect", disconnect(), Outcome::Done).meanwhile(
        "c2",
        redeem("c2"),
        tokens("b1", "q1"),
    );
    let won = won.later(1);
    assert_eq!(won.clone().then("b1", introspect("b1"), Outcome::Refused).breaches(WINDOW), []);
    let survived = won.then("b1", introspect("b1"), Outcome::Alive).breaches(WINDOW);
    assert_eq!(
        survived,
        [Breach::Resurrected(Thing::Grant(d("c2")))],
        "the code was older than the disconnect"
    );
    let race = code().then("first", redeem("c2"), tokens("b1", "q1")).meanwhile(
        "second",
        redeem("c2"),
        Outcome::Refused,
    );
    let race = race.later(1);
    assert_eq!(race.clone().then("b1", introspect("b1"), Outcome::Refused).breaches(WINDOW), []);
    let survived = race.then("b1", introspect("b1"), Outcome::Alive).breaches(WINDOW);
    assert_eq!(
        survived,
        [Breach::Resurrected(Thing::Grant(d("c2")))],
        "whoever lost the race has revoked it"
    );
    let both = code().then("first", redeem("c2"), tokens("b1", "q1")).meanwhile(
        "second",
        redeem("c2"),
        tokens("b2", "q2"),
    );
    assert_eq!(both.breaches(WINDOW), [Breach::Double(d("c2"))]);
}

#[test]
fn a_session_begun_before_the_change_of_password_is_over_and_the_one_that_changed_it_is_not() {
    let changed = begun().then("second browser", sign_in("pw1"), Outcome::Session(d("s2"))).then(
        "change",
        change("pw1", "pw2", "s1"),
        Outcome::Session(d("s1b")),
    );
    assert_eq!(changed.clone().then("kept", authorize("s1b"), Outcome::Code(d("c2"))).breaches(WINDOW), []);
    let lost = changed.clone().then("kept", authorize("s1b"), Outcome::SignInWanted);
    assert_eq!(lost.breaches(WINDOW), [Breach::Lost(Thing::Session(d("s1b")))]);
    let copied = changed.clone().then("copied", authorize("s1"), Outcome::Code(d("c2")));
    assert_eq!(copied.breaches(WINDOW), [Breach::Resurrected(Thing::Session(d("s1")))]);
    let survived = changed.clone().then("other", authorize("s2"), Outcome::Code(d("c2")));
    assert_eq!(survived.breaches(WINDOW), [Breach::Resurrected(Thing::Session(d("s2")))]);
    for kept in [Outcome::Code(d("c2")), Outcome::SignInWanted] {
        let unsure =
            changed.clone().with("change", Outcome::Unknown).then("old cookie", authorize("s1"), kept);
        assert_eq!(unsure.breaches(WINDOW), [], "the cookie is replaced after the password");
    }
    let grant = changed.then("r1", refresh("r1"), tokens("a2", "r2"));
    assert_eq!(grant.breaches(WINDOW), [Breach::Resurrected(Thing::Grant(d("c1")))]);
}

#[test]
fn the_verdict_is_told_in_words() {
    let wrong = life().with("q2", tokens("b3", "q3"));
    let verdict = judge(&wrong.operations, WINDOW);
    assert_eq!(verdict.counts(), BTreeMap::from([("double", 0), ("lost", 0), ("resurrected", 1)]));
    let text = verdict.explain(&wrong.operations);
    assert!(
        text.contains("Resurrected") && text.contains("RevokeGrant") && text.contains("Refresh"),
        "{text}"
    );
}
