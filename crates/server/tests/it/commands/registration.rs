//! `mapae registration token`.

use mapae::store::{
    apps, initial_access_tokens,
    registrations::{self, Networks, NewRegistration, Way},
};
use mapae_protocol::{digest::sha256_base64url, time::Timestamp};

use super::installation::{on_each_engine, text, texts};

on_each_engine! {
    async fn a_token_is_shown_once_listed_and_revoked(mapae: Installation) {
        let create = ["registration", "token", "create", "--uses", "3", "--expires", "12h", "--label", "partners"];
        let made = mapae.json(&create);
        assert_eq!((made["uses"].as_i64(), made["label"].as_str()), (Some(3), Some("partners")));
        assert_eq!(made["open"], false, "registration is closed here");
        let hash = sha256_base64url(text(&made, "token"));
        let found = async |at: i64| {
            initial_access_tokens::find(&mapae.db(), &hash, Timestamp::from_unix(at)).await.unwrap()
        };
        let end = made["expires_at"].as_i64().unwrap();
        assert_eq!(found(end - 1).await, Some(text(&made, "id")));
        assert_eq!(found(end).await, None);
        let listed = mapae.json(&["registration", "token", "list"]);
        assert_eq!(texts(&listed["tokens"], "id"), [text(&made, "id")]);
        assert_eq!(listed["tokens"][0]["uses_left"], 3);
        assert!(!listed.to_string().contains(&text(&made, "token")));
        let id = text(&made, "id");
        assert_eq!(mapae.json(&["registration", "token", "revoke", &id])["revoked"], true);
        assert_eq!(found(end - 1).await, None);
        assert_eq!(mapae.refused(&["registration", "token", "revoke", &id])["error"], "not_found");
        assert_eq!(mapae.json(&["registration", "token", "list"])["tokens"], serde_json::json!([]));
    }

    async fn ui_06_an_app_that_is_moved_to_other_addresses_leaves_its_sector(mapae: Installation) {
        let made = mapae.json(&["app", "create", "--name", "A", "--redirect-uri", "https://a.example/cb"]);
        let id = text(&made, "client_id");
        let (db, at) = (mapae.db(), Timestamp::from_unix(1));
        let registration = NewRegistration {
        way: Way::Asked,
        networks: Networks::default(),
            token_hash: "".into(),
            sector: Some("a.example".to_owned()),
            initial_token_id: None,
            expires_at: at,
        };
        db.commit(registrations::renew(&id, &registration, 10, at)).await.unwrap();
        let seen = async || {
            let kept = apps::find(&db, &id).await.unwrap().unwrap();
            (kept.registered.unwrap().sector, kept.app.epoch)
        };
        let (_, before) = seen().await;
        mapae.json(&["app", "update", &id, "--name", "B", "--redirect-uri", "https://a.example/cb"]);
        assert_eq!(seen().await, (Some("a.example".to_owned()), before));
        let moved = [("https://b.example/cb", Some("b.example")), ("https://intranet/cb", None)];
        for (ended, (uri, sector)) in (1..).zip(moved) {
            mapae.json(&["app", "update", &id, "--redirect-uri", uri]);
            assert_eq!(seen().await, (sector.map(str::to_owned), before + ended), "{uri}");
        }
        mapae.json(&["app", "delete", &id]);
        let gone = apps::find(&db, &id).await.unwrap().unwrap();
        assert!(gone.app.deleted_at.is_some() && gone.app.blocked_at.is_some(), "DC-11: it stays away");
    }

    async fn a_label_is_one_line(mapae: Installation) {
        let refused = mapae.refused(&["registration", "token", "create", "--label", "a\nb"]);
        assert_eq!(texts(&refused["mistakes"], "place"), ["--label"]);
    }
}
