//! Orders of mails: none is lost, none is carried out by two at once, and there is an end to how many wait — OP-12.

use mapae::store::mail_orders::{self, LIFE, MailOrder, Matter};
use mapae::store::{Unit, sweep};
use mapae_protocol::time::{Seconds, Timestamp};
use tokio::task::JoinSet;

use super::{
    backend::{TestDb, for_each_backend},
    seed::{NOW, later},
};

fn order(id: &str) -> MailOrder {
    MailOrder {
        upstream: None,
        id: id.into(),
        matter: Matter::Reset,
        email: "hong@example.com".into(),
        locale: "ko".into(),
        step: Some("sealed".into()),
        app_id: Some("app_calendar".to_owned()),
    }
}

async fn keep(db: &TestDb, order: &MailOrder, limit: i64) -> bool {
    let put = mail_orders::put_within(order, later(Seconds::seconds(10)), limit, NOW);
    !db.commit(Unit::from(put)).await.unwrap().concat().is_empty()
}

async fn waiting(db: &TestDb, now: Timestamp) -> Vec<MailOrder> {
    mail_orders::waiting(db, 10, now).await.unwrap()
}

for_each_backend! {
    async fn an_order_waits_until_it_is_done_or_its_time_is_over(db: TestDb) {
        for matter in [Matter::SignUp, Matter::Reset, Matter::PasswordChanged] {
            let order = MailOrder { matter, step: None, ..order(&format!("{matter:?}")) };
            assert!(keep(&db, &order, 10).await);
        }
        assert_eq!(waiting(&db, later(Seconds::seconds(9))).await, [], "the page's own process has them");
        let left = waiting(&db, later(Seconds::seconds(10))).await;
        let mut matters: Vec<String> = left.iter().map(|order| format!("{:?}", order.matter)).collect();
        matters.sort();
        assert_eq!(matters, ["PasswordChanged", "Reset", "SignUp"]);
        db.commit(Unit::from(mail_orders::done(&left[0].id))).await.unwrap();
        db.commit(Unit::from(mail_orders::done(&left[0].id))).await.unwrap();
        assert_eq!(waiting(&db, later(Seconds::hours(23))).await.len(), 2);
        assert_eq!(waiting(&db, NOW.plus(LIFE)).await, [], "in the query, not by the sweep");
        let lease = mail_orders::lease(&left[1].id, NOW.plus(Seconds::days(2)), NOW.plus(LIFE));
        assert!(db.commit(Unit::from(lease)).await.unwrap_err().is_conflict(), "its time is over");
        sweep::run(&db, Seconds::days(1), NOW.plus(Seconds::days(2))).await.unwrap();
        assert!(keep(&db, &order("one"), 1).await, "the rows are gone");
    }

    async fn op_12_there_is_an_end_to_how_many_wait(db: TestDb) {
        for (number, kept) in [(0, true), (1, true), (2, false), (3, false)] {
            assert_eq!(keep(&db, &order(&number.to_string()), 2).await, kept, "{number}");
        }
        db.commit(Unit::from(mail_orders::done("0"))).await.unwrap();
        assert!(keep(&db, &order("4"), 2).await);
    }

    async fn db_01_of_many_who_reach_for_an_order_one_has_it(db: TestDb) {
        for round in 0..20_u32 {
            let id = format!("order-{round}");
            assert!(keep(&db, &order(&id), 100).await);
            let mut contenders = JoinSet::new();
            for _ in 0..8 {
                let (db, id) = (db.another(), id.clone());
                let now = later(Seconds::seconds(10));
                let lease = mail_orders::lease(&id, now.plus(Seconds::minutes(1)), now);
                contenders.spawn(async move { db.commit(Unit::from(lease)).await.is_ok() });
            }
            let taken = contenders.join_all().await.into_iter().filter(|taken| *taken).count();
            assert_eq!(taken, 1, "round {round}");
        }
    }
}
