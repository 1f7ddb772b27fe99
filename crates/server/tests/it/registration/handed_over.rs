//! An app that registered itself and has an owner by now, who changes it in the console — RFC 7592; threats RE-08, SE-08.

use mapae::store::{
    apps, registrations,
    revocations::{self, Kind},
};
use mapae_testkit::Engine;
use serde_json::json;

use super::{open, registered};
use crate::console::{developer, kept, led_to};

/// Tokens say under which epoch of their app they were made; an API that follows the feed looks for that one.
#[tokio::test]
async fn re_08_a_change_that_ends_an_app_for_two_reasons_names_the_epoch_of_its_tokens() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let app = registered(&server, json!({ "grant_types": ["authorization_code"] })).await;
        let id = app.app.client_id.as_str();
        server.write(apps::give_to(id, &developer.user.id, server.now())).await;
        let sector = async || registrations::find(server.app().db(), id).await.unwrap().unwrap().sector;
        assert_eq!(sector().await.as_deref(), Some("a.example"), "{engine:?}");
        let before = kept(&server, id).await.app.epoch;
        // Devices are at no host, and refresh tokens are for longer than what people have agreed to.
        let both = [("grant.refresh_token", "on"), ("grant.device_code", "on")];
        led_to(&developer.save(&server, id, "save-grants", &both).await);
        assert_eq!(sector().await, None, "{engine:?}");
        let events = revocations::list_after(server.app().db(), 0, 100).await.unwrap();
        let of_app = events.iter().filter(|event| event.kind == Kind::App && event.subject_id == id);
        assert_eq!(of_app.map(|event| event.epoch).collect::<Vec<_>>(), [before], "{engine:?}");
        assert_eq!(kept(&server, id).await.app.epoch, before + 1, "{engine:?}");
    }
}
