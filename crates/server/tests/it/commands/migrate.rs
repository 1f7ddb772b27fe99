//! `mapae migrate`.

use mapae_testkit::free_port;

use super::installation::{ended, on_each_engine, text};

on_each_engine! {
    async fn tables_are_made_once(mapae: Installation) {
        let first = mapae.json(&["migrate"]);
        assert_eq!(first, serde_json::json!({ "from": 0, "to": first["to"], "changed": true }));
        assert!(first["to"].as_i64().unwrap() >= 1);
        let second = mapae.json(&["migrate"]);
        assert_eq!(second, serde_json::json!({ "from": first["to"], "to": first["to"], "changed": false }));
        let read = mapae.run(&["migrate"]);
        assert!(read.output.ends_with("as it should: nothing to do.\n"), "{read:?}");
    }

    async fn many_at_once_come_out_as_one(mapae: Installation) {
        let children: Vec<_> = (0..8).map(|_| mapae.start(&["migrate", "--json"], "")).collect();
        for child in children {
            let ended = ended(child);
            assert_eq!(ended.code, Some(0), "{ended:?}");
        }
        assert!(mapae.db().schema().await.unwrap().is_current());
    }

    async fn a_database_of_a_newer_program_is_left_alone(mapae: Installation) {
        mapae.json(&["migrate"]);
        mapae.execute("INSERT INTO schema_migrations (version, checksum, applied_at) VALUES (999, 'x', 0)").await;
        for words in [["migrate"].as_slice(), &["app", "list"], &["keys", "rotate"]] {
            assert_eq!(mapae.refused(words)["error"], "newer_schema", "{words:?}");
        }
        let port = free_port().to_string();
        let started = mapae.refused(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
        assert_eq!(started["error"], "newer_schema");
        assert!(text(&started, "message").contains("start the newer version"), "{started}");
    }
}
