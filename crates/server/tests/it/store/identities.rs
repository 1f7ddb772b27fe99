//! Ways into accounts: what happens between the two halves of a change — LK-05, LK-10, LK-12, MX-02.

use std::sync::Arc;

use mapae::store::{
    CommitError, Concealed, Db, Unit,
    identities::{self, Brought, Identity, NewIdentity, Turn},
    upstream_notices, users,
};
use mapae_client::EndUser;
use mapae_protocol::{time::Seconds, tombstone::Memory};
use tokio::sync::Barrier;

use super::{
    backend::for_each_backend,
    seed::{NOW, Seed},
};

const ISSUER: &str = "https://op.example";

fn brought(tokens: &str) -> Brought {
    Brought {
        upstream: "kakao".into(),
        label: "라이언".into(),
        tokens: Concealed::from(tokens.to_owned()),
        given_to: None,
    }
}

/// The way `subject` into the account of `seed`.
fn way(seed: &Seed, subject: &str, tokens: &str) -> NewIdentity {
    NewIdentity {
        id: format!("idn_{subject}_{}", seed.user),
        issuer: ISSUER.into(),
        subject: subject.into(),
        user_id: seed.user.clone(),
        brought: brought(tokens),
    }
}

/// What adds a way to the account of `seed`, by a proof of this epoch.
fn added(seed: &Seed, subject: &str, epoch: i64) -> Unit {
    Unit::from(users::add_way(&seed.user, epoch)).with(identities::link(&way(seed, subject, "t"), NOW))
}

async fn find(db: &Db, subject: &str) -> Identity {
    identities::find(db, ISSUER, subject).await.unwrap().unwrap()
}

fn conflicts<T: std::fmt::Debug>(outcome: &Result<T, CommitError>) {
    assert!(matches!(outcome, Err(CommitError::Conflict { .. })), "{outcome:?}");
}

fn tokens_of(row: &Identity) -> Option<&str> {
    row.tokens.as_ref().map(Concealed::expose)
}

/// The turn of somebody at the tokens of this way.
fn turn<'a>(row: &'a Identity, holder: &'a str) -> Turn<'a> {
    Turn { id: &row.id, version: row.tokens_version, holder }
}

/// Somebody called `one` has taken the right to refresh the tokens of this way.
async fn refreshing(db: &Db, subject: &str) -> Identity {
    let row = find(db, subject).await;
    db.commit(identities::claim_refresh(turn(&row, "one"), None)).await.unwrap();
    row
}

for_each_backend! {
    async fn lk_10_mx_02_a_refresh_that_ends_after_the_way_was_removed_writes_nothing(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        db.commit(identities::link(&way(&seed, "ryan", "old"), NOW)).await.unwrap();
        let row = refreshing(&db, "ryan").await;
        db.commit(identities::remove(&row.id, &seed.user, None, NOW)).await.unwrap();
        conflicts(&db.commit(identities::refreshed(turn(&row, "one"), &"new".to_owned().into())).await);
        db.commit(identities::bury(turn(&row, "one"))).await.unwrap();
        db.commit(identities::give_back(turn(&row, "one"))).await.unwrap();
        let left = find(&db, "ryan").await;
        assert!(left.removed_at.is_some() && left.tokens.is_none(), "{left:?}");
        conflicts(&db.commit(identities::claim_refresh(turn(&left, "two"), None)).await);
        conflicts(&db.commit(identities::used(&row.id, &seed.user, &brought("late"), NOW)).await);
    }

    async fn lk_12_mx_02_a_refresh_for_one_account_writes_nothing_into_anothers(db: TestDb) {
        let (one, two) = (Seed::plant(&db, "one").await, Seed::plant(&db, "two").await);
        db.commit(identities::link(&way(&one, "ryan", "of one"), NOW)).await.unwrap();
        let row = refreshing(&db, "ryan").await;
        db.commit(identities::remove(&row.id, &one.user, None, NOW)).await.unwrap();
        db.commit(identities::link(&way(&two, "ryan", "of two"), NOW)).await.unwrap();
        let next = refreshing(&db, "ryan").await;
        conflicts(&db.commit(identities::refreshed(turn(&row, "one"), &"late".to_owned().into())).await);
        db.commit(identities::bury(turn(&row, "one"))).await.unwrap();
        db.commit(identities::give_back(turn(&row, "one"))).await.unwrap();
        conflicts(&db.commit(identities::used(&row.id, &one.user, &brought("late"), NOW)).await);
        let now = find(&db, "ryan").await;
        assert_eq!((now.user_id.as_str(), tokens_of(&now)), (two.user.as_str(), Some("of two")));
        conflicts(&db.commit(identities::claim_refresh(turn(&now, "two"), None)).await);
        db.commit(identities::refreshed(turn(&next, "one"), &"fresh".to_owned().into())).await.unwrap();
        assert_eq!(tokens_of(&find(&db, "ryan").await), Some("fresh"));
    }

    async fn lk_12_mx_02_a_notice_that_forgets_wins_over_a_refresh_under_way(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        db.commit(identities::link(&way(&seed, "ryan", "old"), NOW)).await.unwrap();
        for forget in [identities::forget_tokens, identities::forget_what_came] {
            let row = refreshing(&db, "ryan").await;
            db.commit(users::end_everything(&seed.user, NOW).with(forget(&row.id))).await.unwrap();
            conflicts(&db.commit(identities::refreshed(turn(&row, "one"), &"late".to_owned().into())).await);
            assert_eq!(tokens_of(&find(&db, "ryan").await), None);
        }
        assert_eq!(find(&db, "ryan").await.label, "");
    }

    async fn mx_02_a_turn_is_taken_from_the_dead_as_they_were_seen_and_their_late_answer_counts_for_nothing(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        db.commit(identities::link(&way(&seed, "ryan", "old"), NOW)).await.unwrap();
        let row = refreshing(&db, "ryan").await;
        let (one, two) = (turn(&row, "one"), turn(&row, "two"));
        let seen = find(&db, "ryan").await.refreshing.unwrap();
        conflicts(&db.commit(identities::claim_refresh(two, None)).await);
        db.commit(identities::claim_refresh(one, None)).await.unwrap();
        conflicts(&db.commit(identities::claim_refresh(two, Some(&seen))).await);
        let dead = find(&db, "ryan").await.refreshing.unwrap();
        assert!(dead.holder == seen.holder && dead.signs > seen.signs, "{dead:?}");
        db.commit(identities::claim_refresh(two, Some(&dead))).await.unwrap();
        conflicts(&db.commit(identities::claim_refresh(one, None)).await);
        conflicts(&db.commit(identities::refreshed(one, &"late".to_owned().into())).await);
        for nothing in [identities::give_back(one), identities::bury(one)] {
            db.commit(nothing).await.unwrap();
        }
        db.commit(identities::refreshed(two, &"fresh".to_owned().into())).await.unwrap();
        let left = find(&db, "ryan").await;
        assert_eq!((tokens_of(&left), &left.refreshing), (Some("fresh"), &None));
    }

    async fn lk_03_mx_02_no_way_is_linked_once_everything_was_ended_or_the_account_is_closed(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let link = |subject: &str, epoch| added(&seed, subject, epoch);
        db.commit(users::end_everything(&seed.user, NOW)).await.unwrap();
        conflicts(&db.commit(link("late", 0)).await);
        db.commit(link("after", 1)).await.unwrap();
        db.commit(users::disable(&seed.user, NOW)).await.unwrap();
        let epoch = users::by_id(&db, &seed.user).await.unwrap().unwrap().user.epoch;
        conflicts(&db.commit(link("closed", epoch)).await);
        for subject in ["late", "closed"] {
            assert!(identities::find(&db, ISSUER, subject).await.unwrap().is_none(), "{subject}");
        }
    }

    async fn lk_12_mx_02_no_way_is_linked_or_used_by_whoever_set_out_before_their_end_was_written_down(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let memory = Memory::of_a_way(Seconds::minutes(10), Seconds::minutes(30));
        let standing = |subject: &str, begun_at| {
            upstream_notices::standing(&EndUser::new(ISSUER, subject), (begun_at, memory))
        };
        let (before, after) = (NOW.minus(Seconds::minutes(1)), NOW.plus(Seconds::minutes(1)));
        let used = |way: &Identity| identities::used(&way.id, &seed.user, &brought("late"), NOW);
        // Whoever nothing has ended of comes in, as often as they like.
        db.commit(added(&seed, "ryan", 0).with(standing("ryan", before))).await.unwrap();
        let way = find(&db, "ryan").await;
        for _ in 0..2 {
            db.commit(Unit::from(used(&way)).with(standing("ryan", before))).await.unwrap();
        }
        db.commit(upstream_notices::ended(&EndUser::new(ISSUER, "ryan"), NOW, memory)).await.unwrap();
        db.commit(identities::forget_what_came(&way.id)).await.unwrap();
        conflicts(&db.commit(Unit::from(used(&way)).with(standing("ryan", before))).await);
        let forgotten = find(&db, "ryan").await;
        assert_eq!((tokens_of(&forgotten), forgotten.label.as_str()), (None, ""), "the whole unit is undone");
        db.commit(Unit::from(used(&way)).with(standing("ryan", after))).await.unwrap();
        // One of whom nobody knows yet.
        db.commit(upstream_notices::ended(&EndUser::new(ISSUER, "new"), NOW, memory)).await.unwrap();
        conflicts(&db.commit(added(&seed, "new", 0).with(standing("new", before))).await);
        assert!(identities::find(&db, ISSUER, "new").await.unwrap().is_none());
        db.commit(added(&seed, "new", 0).with(standing("new", after))).await.unwrap();
    }

    async fn lk_03_mx_02_an_end_that_races_with_a_link_comes_before_or_after_it(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let other = db.another();
        for round in 0..30 {
            let subject = format!("way-{round}");
            let link = added(&seed, &subject, round);
            let (linked, ended) = tokio::join!(db.commit(link), other.commit(users::end_everything(&seed.user, NOW)));
            ended.unwrap();
            let there = identities::find(&db, ISSUER, &subject).await.unwrap().is_some();
            assert_eq!(there, linked.is_ok(), "{linked:?}");
            let epoch = users::by_id(&db, &seed.user).await.unwrap().unwrap().user.epoch;
            assert_eq!(epoch, round + 1, "whoever was first, the end counts");
        }
    }

    async fn lk_02_mx_02_a_password_that_is_set_by_mail_passes_over_no_way_that_was_added_since(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let seen = users::by_id(&db, &seed.user).await.unwrap().unwrap();
        db.commit(added(&seed, "stranger", 0)).await.unwrap();
        conflicts(&db.commit(users::reset_password(&seen, &"$argon2id$new".into(), NOW)).await);
        // One that was removed counts, too: in its place there may be another one.
        db.commit(identities::remove(&way(&seed, "stranger", "t").id, &seed.user, None, NOW)).await.unwrap();
        conflicts(&db.commit(users::reset_password(&seen, &"$argon2id$new".into(), NOW)).await);
        let seen = users::by_id(&db, &seed.user).await.unwrap().unwrap();
        db.commit(users::reset_password(&seen, &"$argon2id$new".into(), NOW)).await.unwrap();
        conflicts(&db.commit(added(&seed, "late", 0)).await);
        db.commit(added(&seed, "own", 1)).await.unwrap();
    }

    async fn lk_02_mx_02_a_password_that_is_set_by_mail_takes_no_way_off_another_account(db: TestDb) {
        let (one, two) = (Seed::plant(&db, "one").await, Seed::plant(&db, "two").await);
        db.commit(added(&one, "ryan", 0)).await.unwrap();
        let seen = users::by_id(&db, &one.user).await.unwrap().unwrap();
        let shown = find(&db, "ryan").await;
        db.commit(identities::remove(&shown.id, &one.user, None, NOW)).await.unwrap();
        let reset = || {
            users::reset_password(&seen, &"$argon2id$new".into(), NOW)
                .with(identities::remove(&shown.id, &one.user, None, NOW))
        };
        conflicts(&db.commit(reset()).await);
        db.commit(added(&two, "ryan", 0)).await.unwrap();
        conflicts(&db.commit(reset()).await);
        let now = find(&db, "ryan").await;
        assert_eq!((now.user_id.as_str(), now.removed_at), (two.user.as_str(), None));
        // By its new name neither.
        conflicts(&db.commit(identities::remove(&now.id, &one.user, None, NOW)).await);
    }

    async fn lk_02_lk_03_mx_02_of_a_link_and_a_reset_at_once_one_finds_the_other(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let (other, mut resets) = (db.another(), 0);
        for round in 0..30 {
            let seen = users::by_id(&db, &seed.user).await.unwrap().unwrap();
            let subject = format!("way-{round}");
            let reset = users::reset_password(&seen, &"$argon2id$new".into(), NOW);
            let (linked, reset) =
                tokio::join!(db.commit(added(&seed, &subject, seen.user.epoch)), other.commit(reset));
            assert_eq!(usize::from(linked.is_ok()) + usize::from(reset.is_ok()), 1, "{linked:?} {reset:?}");
            let there = identities::find(&db, ISSUER, &subject).await.unwrap().is_some();
            assert_eq!(there, linked.is_ok());
            resets += usize::from(reset.is_ok());
        }
        println!("{resets} of 30 resets were first");
    }

    async fn lk_10_mx_02_of_two_ways_that_are_removed_at_once_one_stays(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        db.execute("UPDATE users SET password_hash = NULL").await;
        let other = db.another();
        for round in 0..20 {
            let ids = ["a", "b"].map(|name| way(&seed, &format!("{name}-{round}"), "t"));
            for id in &ids {
                db.commit(identities::link(id, NOW)).await.unwrap();
            }
            let start = Arc::new(Barrier::new(2));
            let remove = async |db: Db, gone: usize| {
                let unit = Unit::from(users::guard(&seed.user, 0))
                    .with(identities::remove(&ids[gone].id, &seed.user, Some(&ids[1 - gone].id), NOW));
                start.wait().await;
                db.commit(unit).await
            };
            let (first, second) = tokio::join!(remove(other.clone(), 0), remove(db.another(), 1));
            assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1, "{first:?} {second:?}");
            let left = identities::of_user(&db, &seed.user).await.unwrap();
            assert_eq!(left.len(), 1, "{left:?}");
            db.execute("UPDATE identities SET removed_at = 1").await;
        }
    }
}
