//! Logins that were begun before everything of their person ended, by whatever it ended; threat LO-10.

use http::HeaderMap;
use mapae_client::{CallbackError, EndUser, Error};

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
            Ending::Deleted => {
                website.users.remove(&alice);
                website.client.account_deleted(&alice, None).await.unwrap();
            }
        }
        assert!(seated.user(&website).await.is_none(), "{ending:?}");
        // In the very second: it is the answer to what has ended, not a part of it.
        let mut after = Browser::default();
        let later = after.go_to_provider(&website, &issuer, "alice").await.unwrap();
        website.clock.advance(30);
        let refused = before.come_back(&website, &query).await;
        assert!(matches!(refused, Err(Error::Callback(CallbackError::SignedOut))), "{ending:?}: {refused:?}");
        assert!(before.user(&website).await.is_none(), "{ending:?}");
        // Nothing was made of it, and nothing kept.
        let remains = !matches!(ending, Ending::Deleted);
        assert_eq!(website.client.account_of(&alice).await.unwrap().is_some(), remains, "{ending:?}");
        let tokens = website.client.access_token(&alice).await;
        assert_eq!(tokens.is_ok(), matches!(ending, Ending::SignedOutEverywhere), "{ending:?}: {tokens:?}");
        for (browser, query) in [(&mut bob, bobs), (&mut after, later)] {
            browser.come_back(&website, &query).await.unwrap();
            assert!(browser.user(&website).await.is_some(), "{ending:?}");
        }
        let nobody = website.client.signed_in(&HeaderMap::new()).await.unwrap();
        assert!(nobody.is_none());
    }
}
