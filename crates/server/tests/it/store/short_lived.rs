//! Code details, pending steps, mailed links.

use mapae::store::{
    Unit, codes,
    links::{self, Link, Purpose},
    steps::{self, Kind, NewStep},
    users,
};
use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    backend::for_each_backend,
    seed::{NOW, Seed, later, new_user},
};

const END: Timestamp = later(Seconds::minutes(10));

fn step(id: &str, browser: &str) -> NewStep {
    NewStep {
        id: id.into(),
        kind: Kind::Request,
        browser: browser.into(),
        payload: format!("request-{id}").as_str().into(),
        expires_at: END,
    }
}

fn of_kind(kind: Kind, id: &str, browser: &str) -> NewStep {
    NewStep { kind, ..step(id, browser) }
}

fn link(email: &str) -> Link {
    let payload = Some("payload".into());
    Link { email: email.into(), user_id: None, user_epoch: None, payload, expires_at: END }
}

for_each_backend! {
    async fn code_details_are_kept_until_the_code_is_redeemed_or_expires(db: TestDb) {
        db.commit(codes::put("code", &"claims".into(), END)).await.unwrap();
        assert!(codes::find(&db, "code", NOW).await.unwrap().unwrap().matches("claims"));
        assert!(codes::find(&db, "code", END).await.unwrap().is_none(), "expired");
        assert!(codes::find(&db, "other", NOW).await.unwrap().is_none());
        assert!(db.commit(codes::put("code", &"others".into(), END)).await.unwrap_err().is_conflict());
        let taken = db.commit(codes::take("code")).await.unwrap().swap_remove(0);
        assert_eq!(taken.len(), 1);
        assert!(codes::find(&db, "code", NOW).await.unwrap().is_none());
        assert!(db.commit(codes::take("code")).await.unwrap()[0].is_empty());
    }

    async fn az_a_step_belongs_to_its_browser(db: TestDb) {
        db.commit(steps::put(&step("one", "mine"), NOW)).await.unwrap();
        assert!(steps::find(&db, "one", "mine", NOW).await.unwrap().unwrap().matches("request-one"));
        assert!(steps::find(&db, "one", "yours", NOW).await.unwrap().is_none());
        assert!(steps::find(&db, "one", "mine", END).await.unwrap().is_none(), "its time is over");
        db.commit(steps::drop("one", "yours")).await.unwrap();
        assert!(steps::find(&db, "one", "mine", NOW).await.unwrap().is_some(), "not another browser's to drop");
        db.commit(steps::drop("one", "mine")).await.unwrap();
        assert!(steps::find(&db, "one", "mine", NOW).await.unwrap().is_none());
        db.commit(steps::drop("one", "mine")).await.expect("gone is gone");
    }

    async fn op_a_browser_has_sixteen_places(db: TestDb) {
        for n in 0..steps::PLACES {
            db.commit(steps::put(&step(&n.to_string(), "greedy"), NOW)).await.unwrap();
        }
        let one_more = steps::put(&step("more", "greedy"), NOW);
        assert!(db.commit(one_more.clone()).await.unwrap_err().is_conflict());
        db.commit(steps::put(&step("other", "modest"), NOW)).await.expect("other browsers have theirs");
        db.commit(steps::drop("7", "greedy")).await.unwrap();
        db.commit(one_more).await.expect("a place became free");
        let later_on = NewStep { expires_at: END.plus(Seconds::minutes(9)), ..step("later", "greedy") };
        db.commit(steps::put(&later_on, END)).await.expect("places whose time is over are free");
        assert!(steps::find(&db, "later", "greedy", END).await.unwrap().is_some());
        assert!(steps::find(&db, "0", "greedy", END).await.unwrap().is_none());
    }

    async fn op_all_browsers_together_have_a_limit(db: TestDb) {
        for n in 0..5 {
            db.commit(steps::put_within(&step(&n.to_string(), &n.to_string()), 5, NOW)).await.unwrap();
        }
        let flood = steps::put_within(&step("more", "more"), 5, NOW);
        assert!(db.commit(flood).await.unwrap_err().is_conflict());
        let afterwards = steps::put_within(&step("more", "more"), 5, END);
        db.commit(afterwards).await.expect("what is over does not count, swept or not");
    }

    async fn rp_19_a_flood_of_departures_locks_nobody_out_and_drops_nothing_else(db: TestDb) {
        for (kind, id) in [(Kind::Departure, "1"), (Kind::Departure, "2"), (Kind::Arrival, "3"), (Kind::Request, "4")] {
            db.commit(steps::put_within(&of_kind(kind, id, id), 2, NOW)).await.unwrap();
        }
        let is_there = async |id: &str| steps::find(&db, id, id, NOW).await.unwrap().is_some();
        db.commit(steps::make_room_within(Kind::Departure, 3, NOW)).await.unwrap();
        assert!(is_there("1").await, "there is a place left");
        let put = |id: &str| steps::put_within(&of_kind(Kind::Departure, id, id), 2, NOW);
        assert!(db.commit(put("5")).await.unwrap_err().is_conflict());
        let unit = Unit::from(steps::make_room_within(Kind::Departure, 2, NOW)).with(put("5"));
        db.commit(unit).await.expect("who left long ago gives way");
        assert!(is_there("5").await && is_there("3").await && is_there("4").await && !is_there("1").await);
    }

    async fn se_31_a_flood_of_large_requests_takes_no_place_of_who_leaves_or_comes_back(db: TestDb) {
        for n in 0..3 {
            db.commit(steps::put_within(&step(&n.to_string(), &n.to_string()), 3, NOW)).await.unwrap();
        }
        assert!(db.commit(steps::put_within(&step("3", "3"), 3, NOW)).await.unwrap_err().is_conflict());
        for (kind, id) in [(Kind::Departure, "leaves"), (Kind::Arrival, "comes")] {
            db.commit(steps::put_within(&of_kind(kind, id, id), 3, NOW)).await.expect("it has its own room");
        }
        db.commit(steps::make_room_within(Kind::Request, 3, NOW)).await.unwrap();
        for id in ["leaves", "comes"] {
            assert!(steps::find(&db, id, id, NOW).await.unwrap().is_some(), "{id}");
        }
    }

    async fn se_a_step_of_another_kind_stays(db: TestDb) {
        let arrival = |id: &str, browser: &str| of_kind(Kind::Arrival, id, browser);
        for step in [arrival("1", "mine"), of_kind(Kind::Departure, "2", "mine"), arrival("3", "yours")] {
            db.commit(steps::put(&step, NOW)).await.unwrap();
        }
        db.commit(steps::drop_all(Kind::Arrival, "mine")).await.unwrap();
        assert!(steps::find(&db, "1", "mine", NOW).await.unwrap().is_none());
        assert!(steps::find(&db, "2", "mine", NOW).await.unwrap().is_some());
        assert!(steps::find(&db, "3", "yours", NOW).await.unwrap().is_some());
    }

    async fn se_a_link_is_for_one_purpose_and_one_use(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let reset = Link { user_id: Some(seed.user.clone()), user_epoch: Some(0), ..link("one@example.com") };
        db.commit(links::insert(&"hash".into(), Purpose::Reset, &reset, NOW)).await.unwrap();
        assert_eq!(links::find(&db, "hash", Purpose::Reset, NOW).await.unwrap().as_ref(), Some(&reset));
        for (hash, purpose, now) in [
            ("hash", Purpose::SignUp, NOW),
            ("hash", Purpose::Setup, NOW),
            ("other", Purpose::Reset, NOW),
            ("hash", Purpose::Reset, END),
        ] {
            assert!(links::find(&db, hash, purpose, now).await.unwrap().is_none(), "{hash} {purpose:?}");
            assert!(db.commit(links::consume(hash, purpose, now)).await.unwrap_err().is_conflict());
        }
        // The unit that uses it up fails for another reason: the link is still good.
        let unit = Unit::from(links::consume("hash", Purpose::Reset, NOW))
            .with(users::set_password(&seed.user, 9, &"new".into(), NOW));
        assert!(db.commit(unit).await.unwrap_err().is_conflict());
        let rows = db.commit(links::consume("hash", Purpose::Reset, NOW)).await.unwrap().swap_remove(0);
        assert_eq!(links::consumed(rows).unwrap(), reset);
        assert!(db.commit(links::consume("hash", Purpose::Reset, NOW)).await.unwrap_err().is_conflict(), "used");
        assert!(links::find(&db, "hash", Purpose::Reset, NOW).await.unwrap().is_none());
        assert!(links::consumed(vec![]).is_err());
    }

    async fn op_links_are_counted_and_retired_by_address(db: TestDb) {
        db.commit(users::insert(&new_user("one"), NOW)).await.unwrap();
        for n in 0..3_u32 {
            let hash = format!("hash-{n}").as_str().into();
            let at = later(Seconds::minutes(n));
            db.commit(links::insert(&hash, Purpose::SignUp, &link("a@example.com"), at)).await.unwrap();
        }
        let sent = async |email, purpose, since| links::sent_since(&db, email, purpose, since).await.unwrap();
        assert_eq!(sent("a@example.com", Purpose::SignUp, NOW.minus(Seconds::seconds(1))).await, 3);
        assert_eq!(sent("a@example.com", Purpose::SignUp, NOW).await, 2);
        assert_eq!(sent("a@example.com", Purpose::Reset, NOW.minus(Seconds::hours(1))).await, 0);
        assert_eq!(sent("b@example.com", Purpose::SignUp, NOW.minus(Seconds::hours(1))).await, 0);
        db.commit(links::retire("a@example.com", Purpose::SignUp, NOW)).await.unwrap();
        assert!(links::find(&db, "hash-2", Purpose::SignUp, NOW).await.unwrap().is_none());
        let same = links::insert(&"hash-2".into(), Purpose::Reset, &link("c@example.com"), NOW);
        assert!(db.commit(same).await.unwrap_err().is_conflict(), "one namespace of hashes, no overwriting");
    }
}
