//! A refresh at a provider whose answer gets lost.

use mapae::store::identities;

use super::{
    stage::for_each_engine,
    tokens::{ASKS, Given, agreed, fetched},
};

for_each_engine! {
    /// RFC 6749 §6.
    async fn a_lost_answer_is_asked_for_again_with_the_same_refresh_token(stage: Stage of []) {
        let Given { stranger, app, user, browser } = Given::by_a_stranger(&stage).await;
        for (lost, asked, status) in [(1, 2, 200), (2, 2, 503), (0, 1, 200)] {
            stage.advance(3_700);
            let token = agreed(&stage, &app, &browser, (ASKS, "", &["all", "of them"])).await.text("access_token");
            stranger.forget();
            stranger.loses_refreshes(lost);
            let answer = fetched(&stage, &token).await;
            assert_eq!((answer.status.as_u16(), stranger.refreshes()), (status, asked), "{lost} {}", answer.json);
            let sent = stranger.heard();
            assert!(sent.iter().all(|said| said.contains("refresh_token=r")), "{sent:?}");
            let way = identities::of_user(stage.server.app().db(), &user.id).await.unwrap().remove(0);
            assert!(way.tokens.is_some() && way.refreshing.is_none(), "nothing is lost, and the turn is given back");
        }
    }
}
