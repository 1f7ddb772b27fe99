//! Consents and grants, row by row.

use mapae::store::{
    Unit,
    alive::Epochs,
    apps,
    consents::{self, Agreement},
    grant_states,
    grants::{self, Rotation},
    tokens,
};
use mapae_protocol::time::Seconds;

use super::{
    backend::for_each_backend,
    seed::{NOW, Seed, later},
};

fn agreement(seed: &Seed, accepted: &[&str], refused: &[&str]) -> Agreement {
    let owned = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Agreement {
        new_id: "con_unused".into(),
        user_id: seed.user.clone(),
        app_id: seed.app.clone(),
        accepted: owned(accepted),
        refused: owned(refused),
        anew: false,
        agreed_app: None,
    }
}

for_each_backend! {
    async fn what_was_agreed_grows_and_refusals_are_remembered(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let find = async || consents::find(&db, &seed.user, &seed.app).await.unwrap().unwrap();
        let first = find().await;
        assert_eq!((first.id.as_str(), first.scopes.as_str(), first.epoch), ("con_one", "openid profile", 0));
        let at = later(Seconds::minutes(1));
        let more = agreement(&seed, &["calendar.read"], &["email", "profile"]);
        db.commit(consents::agree(Some(&first), &more, at)).await.unwrap();
        let second = find().await;
        assert_eq!(second.scopes, "calendar.read openid profile", "what was agreed before stays");
        assert_eq!(second.refused, "email", "what is agreed is not refused");
        assert_eq!((second.id.as_str(), second.epoch, second.updated_at), ("con_one", 0, at));
        db.commit(consents::agree(Some(&second), &agreement(&seed, &["email"], &[]), at)).await.unwrap();
        assert_eq!(find().await.refused, "", "agreed after all");
        let stale = consents::agree(Some(&second), &more, at);
        assert!(db.commit(stale).await.unwrap_err().is_conflict(), "it has changed since it was read");
        let first_again = consents::agree(None, &more, at);
        assert!(db.commit(first_again).await.unwrap_err().is_conflict(), "there is one already");
        assert!(consents::find(&db, &seed.user, "app_none").await.unwrap().is_none());
    }

    async fn se_08_who_agreed_to_what_an_app_was_keeps_what_it_was_until_they_agree_anew(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let find = async || consents::find(&db, &seed.user, &seed.app).await.unwrap().unwrap();
        let before = find().await;
        assert_eq!(before.agreed_app, None);
        db.commit(Unit::from(consents::keep_agreed(&seed.app, "first"))).await.unwrap();
        db.commit(Unit::from(consents::keep_agreed(&seed.app, "second"))).await.unwrap();
        db.commit(Unit::from(consents::keep_agreed("app_other", "other"))).await.unwrap();
        assert_eq!(find().await.agreed_app.as_deref(), Some("first"), "who has not seen the second has not agreed to it");
        let more = agreement(&seed, &["email"], &[]);
        let stale = consents::agree(Some(&before), &more, NOW);
        assert!(db.commit(stale).await.unwrap_err().is_conflict(), "the app has changed since it was read");
        db.commit(consents::agree(Some(&find().await), &more, NOW)).await.unwrap();
        let extended = find().await;
        assert_eq!((extended.scopes.as_str(), extended.agreed_app.as_deref()), ("email openid profile", Some("first")));
        let anew = Agreement { anew: true, agreed_app: Some("less".into()), ..agreement(&seed, &["email", "openid"], &[]) };
        db.commit(consents::agree(Some(&extended), &anew, NOW)).await.unwrap();
        let less = find().await;
        assert_eq!((less.agreed_app.as_deref(), less.epoch), (Some("less"), 1), "as it was shown");
        let anew = Agreement { anew: true, ..more };
        db.commit(consents::agree(Some(&find().await), &anew, NOW)).await.unwrap();
        let after = find().await;
        assert_eq!((after.scopes.as_str(), after.agreed_app), ("email", None), "what was agreed before counts no more");
        assert_eq!(after.epoch, 2, "what was made when it was more has ended");
        db.commit(Unit::from(consents::keep_agreed(&seed.app, "third"))).await.unwrap();
        let more = Agreement { anew: true, ..agreement(&seed, &["email", "openid"], &[]) };
        db.commit(consents::agree(Some(&find().await), &more, NOW)).await.unwrap();
        let after = find().await;
        assert_eq!((after.scopes.as_str(), after.epoch), ("email openid", 2), "nothing has gone");
    }

    async fn se_08_who_agrees_while_the_app_changes_has_agreed_to_what_it_was_or_not_at_all(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let mut agreed = 0;
        for round in 0..50 {
            let consent = consents::find(&db, &seed.user, &seed.app).await.unwrap().unwrap();
            let app = apps::find(&db, &seed.app).await.unwrap().unwrap();
            let agreement = Agreement { anew: true, ..agreement(&seed, &["openid"], &[]) };
            let agree = Unit::from(apps::guard(&seed.app, app.app.revision))
                .with(consents::agree(Some(&consent), &agreement, NOW));
            let settings = apps::AppSettings { name: format!("app {round}"), ..app.app.settings };
            let change = apps::update(&seed.app, &settings, &app.lists, NOW)
                .with(consents::keep_agreed(&seed.app, "seen"));
            let (agreement, change) = tokio::join!(db.commit(agree), db.commit(change));
            change.unwrap();
            let now = consents::find(&db, &seed.user, &seed.app).await.unwrap().unwrap();
            match agreement {
                Ok(_) => {
                    agreed += 1;
                    assert_eq!(now.agreed_app.as_deref(), Some("seen"), "round {round}: agreed to what it has become");
                }
                Err(error) => assert!(error.is_conflict(), "round {round}: {error:?}"),
            }
        }
        let app = apps::find(&db, &seed.app).await.unwrap().unwrap();
        assert!(agreed > 0 && app.app.revision == 50, "{agreed} of 50 were faster");
        let unchanged = Unit::from(apps::guard(&seed.app, 50));
        db.commit(unchanged).await.unwrap();
        let changed = Unit::from(apps::guard(&seed.app, 49));
        assert!(db.commit(changed).await.unwrap_err().is_conflict());
    }

    async fn a_disconnected_consent_keeps_its_epoch_when_agreed_again(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let find = async || consents::find(&db, &seed.user, &seed.app).await.unwrap().unwrap();
        let wrong = consents::disconnect(&seed.consent, "usr_other", NOW);
        assert!(db.commit(wrong).await.unwrap_err().is_conflict(), "only one's own");
        let before = find().await;
        db.commit(consents::disconnect(&seed.consent, &seed.user, NOW)).await.unwrap();
        let gone = find().await;
        assert_eq!((gone.scopes.as_str(), gone.refused.as_str(), gone.epoch), ("", "", 1));
        let twice = consents::disconnect(&seed.consent, &seed.user, NOW);
        assert!(db.commit(twice).await.unwrap_err().is_conflict());
        let stale = consents::agree(Some(&before), &agreement(&seed, &["email"], &[]), NOW);
        assert!(db.commit(stale).await.unwrap_err().is_conflict(), "a form from before the disconnection");
        db.commit(consents::agree(Some(&gone), &agreement(&seed, &["openid"], &[]), NOW)).await.unwrap();
        let again = find().await;
        assert_eq!((again.id.as_str(), again.scopes.as_str(), again.epoch), ("con_one", "openid", 1));
    }

    async fn dropping_a_scope_ends_what_carries_it(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let consent = consents::find(&db, &seed.user, &seed.app).await.unwrap().unwrap();
        assert!(consents::drop_scope(&consent, "calendar.read", NOW).is_none(), "never agreed to");
        db.commit(consents::drop_scope(&consent, "profile", NOW).unwrap()).await.unwrap();
        let left = consents::find(&db, &seed.user, &seed.app).await.unwrap().unwrap();
        assert_eq!((left.scopes.as_str(), left.refused.as_str(), left.epoch), ("openid", "profile", 1));
        let stale = consents::drop_scope(&consent, "openid", NOW).unwrap();
        assert!(db.commit(stale).await.unwrap_err().is_conflict());
    }

    async fn a_refusal_is_not_lost_when_another_item_is_taken_back(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let find = async || consents::find(&db, &seed.user, &seed.app).await.unwrap().unwrap();
        let seen = find().await;
        let stale = consents::drop_scope(&seen, "profile", NOW).unwrap();
        db.commit(consents::agree(Some(&seen), &agreement(&seed, &[], &["email"]), NOW)).await.unwrap();
        assert!(db.commit(stale).await.unwrap_err().is_conflict(), "it knows nothing of what was refused since");
        db.commit(consents::drop_scope(&find().await, "profile", NOW).unwrap()).await.unwrap();
        assert_eq!(find().await.refused, "email profile");
    }

    async fn connected_services_are_listed_with_their_last_use(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let at = later(Seconds::hours(5));
        db.commit(grants::insert(&seed.grant("code"), at)).await.unwrap();
        let services = consents::connected(&db, &seed.user).await.unwrap();
        let [service] = services.as_slice() else { panic!("{services:?}") };
        assert_eq!((service.app_name.as_str(), service.last_used_at), ("나의 서비스", Some(at)));
        assert_eq!(service.app_homepage.as_deref(), Some("https://app.example.com"));
        assert_eq!(service.consent.id, seed.consent);
        db.commit(consents::disconnect(&seed.consent, &seed.user, NOW)).await.unwrap();
        assert!(consents::connected(&db, &seed.user).await.unwrap().is_empty());
    }

    async fn a_grant_comes_back_as_it_was_made(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let mut new = seed.grant("code");
        (new.given.offline, new.given.resource, new.given.acr) = (true, Some("https://api.example.com".into()), Some("1".into()));
        db.commit(grants::insert(&new, NOW)).await.unwrap();
        let facts = grants::facts(&db, &new.given.id).await.unwrap().unwrap();
        let grant = &facts.grant;
        assert_eq!(grant.given.origin, "code:code");
        assert_eq!((&grant.given.user_id, &grant.given.app_id, &grant.given.consent_id), (&seed.user, &seed.app, &seed.consent));
        assert_eq!((grant.given.session_id.as_ref(), grant.given.offline), (Some(&seed.session), true));
        assert_eq!((grant.given.scopes.as_str(), grant.given.resource.as_ref()), ("openid profile", new.given.resource.as_ref()));
        assert_eq!((grant.given.auth_time, grant.given.amr.as_str(), grant.given.acr.as_deref()), (NOW, "pwd", Some("1")));
        assert_eq!(grant.given.epochs, Epochs { user: 0, app: 0, consent: 0, session: Some(0) });
        assert_eq!((grant.generation, &grant.refresh_hash, &grant.successor), (0, &new.refresh_hash, &None));
        assert_eq!((grant.created_at, grant.last_used_at), (NOW, NOW));
        assert_eq!((grant.idle_expires_at, grant.given.expires_at), (new.idle_expires_at, new.given.expires_at));
        assert_eq!((grant.given.code_expires_at, grant.revoked_at), (new.given.code_expires_at, None));
        let (state, person) = grant_states::with_person(&db, &new.given.id, "jti").await.unwrap().unwrap();
        assert_eq!((state.span, &state.states, state.token_revoked), (grant.span(), &facts.states, false));
        assert_eq!((&state.app_id, state.auth_time, state.acr.as_deref()), (&seed.app, NOW, Some("1")));
        let user = &person.user;
        assert_eq!((user.address(), user.name.as_str()), ("one@example.com", "홍길동"), "for userinfo");
        assert_eq!((person.known, person.asked), (None, None));
        assert!(grants::facts(&db, "gra_none").await.unwrap().is_none());
    }

    async fn a_grant_may_have_no_session_and_no_refresh_token(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let mut new = seed.grant("code");
        (new.given.session_id, new.given.epochs.session, new.refresh_hash) = (None, None, None);
        db.commit(grants::insert(&new, NOW)).await.unwrap();
        let facts = grants::facts(&db, &new.given.id).await.unwrap().unwrap();
        assert_eq!((&facts.grant.given.session_id, &facts.grant.refresh_hash), (&None, &None));
        assert!(facts.alive(NOW).is_err(), "absent is dead: neither a session nor offline");
    }

    async fn re_07_re_09_rotation_keeps_the_successor_and_never_the_absolute_end(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let id = seed.redeem(&db, "code").await;
        let (hash, sealed, until) = ("hash-1".into(), "sealed-1".into(), later(Seconds::seconds(70)));
        let rotation = Rotation {
            grant_id: &id,
            presented: 0,
            refresh_hash: &hash,
            successor: Some((&sealed, until)),
            idle_expires_at: later(Seconds::days(8)),
        };
        let at = later(Seconds::minutes(1));
        db.commit(grants::rotate(&rotation, at)).await.unwrap();
        let grant = grants::facts(&db, &id).await.unwrap().unwrap().grant;
        assert_eq!((grant.generation, grant.last_used_at), (1, at));
        assert_eq!((grant.refresh_hash, grant.successor), (Some(hash.clone()), Some((sealed.clone(), until))));
        assert_eq!((grant.idle_expires_at, grant.given.expires_at), (later(Seconds::days(8)), later(Seconds::days(30))));
        assert!(db.commit(grants::rotate(&rotation, at)).await.unwrap_err().is_conflict(), "the old generation");
        let next = Rotation { presented: 1, successor: None, ..rotation.clone() };
        db.commit(grants::rotate(&next, at)).await.unwrap();
        let grant = grants::facts(&db, &id).await.unwrap().unwrap().grant;
        assert_eq!((grant.generation, grant.successor), (2, None), "the window closes with the first use");
        let late = Rotation { presented: 2, ..next };
        let idle = grants::rotate(&late, later(Seconds::days(8)));
        assert!(db.commit(idle).await.unwrap_err().is_conflict(), "expired while it was decided");
        let touch = grants::touch(&id, 2, later(Seconds::days(9)), later(Seconds::days(7)));
        db.commit(touch).await.unwrap();
        assert!(db.commit(grants::touch(&id, 1, NOW, NOW)).await.unwrap_err().is_conflict());
    }

    async fn in_a_token_is_revoked_by_itself(db: TestDb) {
        let seed = Seed::plant(&db, "one").await;
        let id = seed.redeem(&db, "code").await;
        let expires_at = later(Seconds::minutes(5));
        db.commit(tokens::revoke("jti-1", expires_at, NOW)).await.unwrap();
        assert!(db.commit(tokens::revoke("jti-1", expires_at, NOW)).await.unwrap_err().is_conflict(), "done already");
        let alive = async |jti| grant_states::of_token(&db, &id, jti).await.unwrap().unwrap().alive(expires_at, NOW);
        assert!(alive("jti-1").await.is_err());
        assert!(alive("jti-2").await.is_ok(), "the grant's other tokens live on");
        let other = Seed::plant(&db, "two").await;
        let both = [seed.app.as_str(), other.app.as_str(), "app_none"];
        let facts = async |jti| tokens::facts(&db, &both, jti).await.unwrap();
        assert!(facts("jti-2").await.stands(expires_at));
        assert!(!facts("jti-1").await.stands(expires_at), "revoked");
        db.commit(apps::revoke(&other.app, NOW)).await.unwrap();
        let epochs = async || {
            let facts = facts("jti-2").await;
            both.map(|app| facts.epoch_of(app))
        };
        assert_eq!(epochs().await, [Some(0), Some(1), None], "each app's own; no such app");
        db.commit(apps::disable(&seed.app, NOW)).await.unwrap();
        assert_eq!(epochs().await, [None, Some(1), None], "switched off");
        assert!(tokens::facts(&db, &[], "jti-1").await.unwrap().revoked, "of no app");
    }
}
