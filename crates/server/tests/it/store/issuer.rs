//! The issuer under which a database is served.

use mapae::store::{Unit, issuer};

use super::{backend::for_each_backend, seed::NOW};

for_each_backend! {
    async fn the_issuer_of_the_last_start_is_known_to_the_next(db: TestDb) {
        assert_eq!(issuer::last(&db).await.unwrap(), None);
        for text in ["https://id.example.com", "https://id.example.com", "https://other.example.com"] {
            db.commit(Unit::from(issuer::note(text, NOW))).await.unwrap();
            assert_eq!(issuer::last(&db.another()).await.unwrap().as_deref(), Some(text));
        }
    }
}
