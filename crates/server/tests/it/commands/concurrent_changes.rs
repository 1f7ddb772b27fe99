//! What others change after the operator has looked, or after a command has read, and before it writes.

use mapae::store::{apps, db::Engine};

use super::installation::{Installation, on_each_engine, text};
use crate::store::broken::{self, Words};

/// An app of somebody who does not run the server.
fn owned(mapae: &Installation) -> String {
    mapae.user("mina@example.com");
    let words = ["app", "create", "--name", "나의 서비스", "--owner", "mina@example.com"];
    let leads_to = ["--redirect-uri", "http://localhost:3000/callback"];
    text(&mapae.json(&[&words[..], &leads_to].concat()), "client_id")
}

/// From now on every app changes in the very moment in which something rests on what it was.
fn apps_change() -> Words {
    Words::instead_of("UPDATE OF revision ON apps", "overtaken")
}

async fn execute(mapae: &Installation, words: &Words) {
    let statements = match mapae.engine() {
        Engine::Sqlite => &words.sqlite,
        Engine::Postgres => &words.postgres,
    };
    mapae.execute(statements).await;
}

on_each_engine! {
    async fn az_37_the_operator_vouches_for_nothing_that_they_have_not_seen(mapae: Installation) {
        let id = owned(&mapae);
        let seen = mapae.json(&["app", "show", &id])["revision"].to_string();
        mapae.json(&["app", "update", &id, "--name", "다른 서비스"]);
        let stale = ["app", "verify", &id, "--revision", &seen];
        assert_eq!(mapae.refused(&stale)["error"], "conflict");
        let told = mapae.run(&stale);
        assert!(told.errors.contains(&format!("look at it again with `mapae app show {id}`")), "{told:?}");
        let shown = mapae.json(&["app", "show", &id]);
        assert_eq!(shown["verified"], false);
        let now = shown["revision"].to_string();
        assert_ne!(now, seen);
        let verified = mapae.json(&["app", "verify", &id, "--revision", &now]);
        assert_eq!((&verified["verified"], &verified["changed"]), (&true.into(), &true.into()));
        for member in ["name", "has_icon", "homepage", "redirect_uris", "revision"] {
            assert_eq!(verified[member], shown[member], "{member}");
        }
        let told = mapae.run(&["app", "verify", &id]);
        for looked_at in ["다른 서비스", "http://localhost:3000/callback", "icon           none"] {
            assert!(told.output.contains(looked_at), "{told:?}");
        }
        let both = mapae.run(&["app", "verify", &id, "--withdraw", "--revision", &now]);
        assert_eq!(both.code, Some(2), "{both:?}");
    }

    async fn az_37_an_app_that_changes_while_it_is_verified_is_not_verified(mapae: Installation) {
        let id = owned(&mapae);
        execute(&mapae, &apps_change()).await;
        assert_eq!(mapae.refused(&["app", "verify", &id])["error"], "conflict");
        assert_eq!(mapae.json(&["app", "show", &id])["verified"], false);
        let withdrawn = mapae.json(&["app", "verify", &id, "--withdraw"]);
        assert_eq!(withdrawn["changed"], false, "to withdraw it nobody has to look");
    }

    async fn an_app_gets_no_new_secret_when_it_has_become_another_one(mapae: Installation) {
        let id = owned(&mapae);
        let secrets = async || apps::find(&mapae.db(), &id).await.unwrap().unwrap().secrets;
        let before = secrets().await;
        execute(&mapae, &broken::catalogue_changes_at("UPDATE ON apps")).await;
        assert_eq!(mapae.refused(&["app", "rotate-secret", &id])["error"], "conflict");
        assert_eq!(secrets().await, before);
    }
}
