//! Apps are told of a logout whatever becomes of the process that kept it — OIDC Back-Channel Logout §2.5; threat LO-07.

use axum::http::StatusCode;
use mapae::store::consents::{self, Agreement};
use mapae_protocol::time::Timestamp;

use super::{
    installation::{on_each_engine, text},
    server::Server,
};
use crate::protocol::{
    back_channel_logout::listener::{Listener, Mood},
    claims,
};

on_each_engine! {
    async fn lo_07_what_the_command_line_ends_is_told_by_the_server_and_a_kill_9_loses_no_notice(mapae: Installation) {
        let mapae = mapae.with("MAPAE_FETCH__PRIVATE_ADDRESSES", "true");
        let mut listener = Listener::start().await;
        listener.answers(Mood::Never);
        let user = text(&mapae.user("hong@example.com"), "id");
        let address = format!("backchannel_logout_uri={}", listener.address);
        let made = mapae.json(&[
            "app", "create", "--name", "A", "--redirect-uri", "http://localhost:3000/cb", "--metadata", &address,
        ]);
        let agreement = Agreement {
            new_id: "con_1".into(),
            user_id: user.clone(),
            app_id: text(&made, "client_id"),
            accepted: vec!["openid".into()],
            refused: vec![],
            anew: false,
            agreed_app: None,
        };
        mapae.db().commit(consents::agree(None, &agreement, Timestamp::from_unix(1))).await.unwrap();
        // Nobody serves while the command line ends everything of the person.
        mapae.json(&["user", "disable", &user]);
        let server = Server::start(&mapae);
        let first = claims(&listener.next().await);
        server.stop("KILL");
        listener.answers(Mood::With(StatusCode::OK));
        let _server = Server::start(&mapae);
        let again = claims(&listener.next().await);
        assert_eq!((&again["jti"], &again["sub"]), (&first["jti"], &first["sub"]), "once more, under the same name");
        assert!(again["sid"].is_null() && again["events"].is_object(), "{again}");
    }
}
