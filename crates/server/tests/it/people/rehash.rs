//! A password that was hashed with weaker parameters than today's is hashed anew when it is typed next.

use argon2::{Algorithm, Argon2, Params, Version, password_hash::PasswordHasher as _};
use mapae::store::users;
use mapae_testkit::{Browser, TestServer};

use super::{account, for_each_engine, gets_in, is_in, stored};

for_each_engine! {
    async fn a_weak_hash_is_replaced_at_the_next_sign_in(server: TestServer) {
        let user = server.user("hong@example.com").await;
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let weak = weak.hash_password(user.password.as_bytes()).unwrap().to_string();
        server.write(users::set_password(&user.id, 0, &weak.as_str().into(), server.now())).await;
        let hash = async || stored(&server, &user.email).await.unwrap().password_hash.unwrap().expose().to_owned();
        assert!(!gets_in(&server, &user.email, "a wrong guess").await);
        assert_eq!(hash().await, weak, "nothing is known of a wrong password");
        let browser = Browser::default();
        account(&server, &browser, &user).await;
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while hash().await == weak {
            assert!(std::time::Instant::now() < deadline, "it is never renewed");
            tokio::task::yield_now().await;
        }
        assert!(hash().await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(gets_in(&server, &user.email, &user.password).await);
        assert!(is_in(&server, &browser).await, "nobody is signed out for it");
    }
}
