//! Logins that were begun before everything of their person ended, by whatever it ended; threat LO-10.

use http::HeaderMap;
use mapae_client::EndUser;

use crate::website::{Browser, Website};

/// What ends everything of a person here.
#[derive(Clone, Copy, Debug)]
enum Ending {
    SignedOutEverywhere,
    Unlinked,
    Deleted,
}

#[tokio::test]
async fn lo_10_what_a_person_ends_here_ends_on_its_way_too() {
    for ending in [Ending::SignedOutEverywhere, Ending::Unlinked, Ending::Deleted] {
        let (website, issuer) = Website::start().await;
        let (seated, _) = website.sign_in(&issuer, "alice").await.unwrap();
        let (mut before, mut bob) = (Browser::default(), Browser::default());
        let query = before.go_to_provider(&website, &issuer, "alice").await.unwrap();
        let bobs = bob.go_to_provider(&website, &issuer, "bob").await.unwrap();
        website.clock.advance(1);
        let alice = EndUser::new(issuer.url(), "alice");
        match ending {
            Ending::SignedOutEverywhere => website.client.sign_out_everywhere(&alice).await.unwrap(),
            Ending::Unlinked => drop(website.client.unlink(&alice).await.unwrap()),
            Ending::Deleted => website.client.account_deleted(&alice, None).await.unwrap(),
        }
        assert!(seated.user(&website).await.is_none(), "{ending:?}");
        // In the very second: it is the answer to what has ended, not a part of it.
        let mut after = Browser::default();
        let later = after.go_to_provider(&website, &issuer, "alice").await.unwrap();
        website.clock.advance(60);
        for (browser, query, arrives) in
            [(&mut before, query, false), (&mut bob, bobs, true), (&mut after, later, true)]
        {
            let arrived = browser.come_back(&website, &query).await;
            assert_eq!(arrived.is_ok(), arrives, "{ending:?}: {arrived:?}");
            assert_eq!(browser.user(&website).await.is_some(), arrives, "{ending:?}");
        }
        let nobody = website.client.signed_in(&HeaderMap::new()).await.unwrap();
        assert!(nobody.is_none());
    }
}
