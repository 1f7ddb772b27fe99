//! Whether somebody takes what is shown.

use mapae_protocol::{
    authorization::signed_response,
    id_token,
    jose::{Algorithm, JwkSet},
    logout_token, params,
    time::{Leeway, Seconds},
    token_exchange::ACCESS_TOKEN,
};
use mapae_testkit::{Authorization, client::send};
use reqwest::Method;

use super::{
    Consumer,
    world::{Held, MACHINE, World, registration},
};
use crate::{
    protocol::{client_assertions::present, dpop, request_objects::begin, token_exchange::exchange},
    registration::ask,
};

impl World {
    pub(super) async fn accepts(&self, consumer: Consumer, held: &Held) -> bool {
        let (server, text) = (self.server(), held.text.as_str());
        match consumer {
            Consumer::Userinfo => server.userinfo(text).await.status == 200,
            Consumer::Introspection => {
                server.is_active(&self.calendar.fixture, text).await
                    || server.is_active(&self.memo, text).await
            }
            Consumer::Revocation => self.is_revoked(held).await,
            Consumer::ExchangeSubject => exchange(server, &self.machine, text, &[]).await.status == 200,
            Consumer::ExchangeActor => {
                let actor = [("actor_token", text), ("actor_token_type", ACCESS_TOKEN)];
                exchange(server, &self.machine, &self.subject, &actor).await.status == 200
            }
            Consumer::LogoutHint => self.ends_the_session(held).await,
            Consumer::AuthorizeHint => {
                let hint = Authorization::of(&self.signer.app, "openid").with("id_token_hint", text);
                let silent = hint.with("prompt", "none").address(server);
                held.browser.open(&silent).await.answered("code").is_some()
            }
            Consumer::Assertion => self.proves_the_app(text).await,
            Consumer::PushedRequest => self.post("/par", &[("request", text)]).await.status == 201,
            Consumer::Request => {
                let asked = [("client_id", self.signer.app.client_id.as_str()), ("request", text)];
                begin(server, &asked).await.has("login-submit")
            }
            Consumer::Proof => {
                let answer = dpop::post(server, &self.machine, "/token", &[text], MACHINE).await;
                answer.status == 200 && answer.text("token_type") == "DPoP"
            }
            Consumer::Management => ask(Method::GET, &self.managed, Some(text), None).await.status == 200,
            Consumer::Registration => {
                let address = server.at("/register");
                ask(Method::POST, &address, Some(text), Some(&registration())).await.status == 201
            }
            Consumer::Api => self.calendar.ask("/events", text).await.status == 200,
            Consumer::SignIn => self.signs_in(text).await,
            Consumer::CallBack => self.comes_back(text).await,
            Consumer::SignOut => self.signs_out(text).await,
            Consumer::Redemption => self.redeem(text, &held.verifier).await.status == 200,
            Consumer::Refresh => {
                let form = [("grant_type", "refresh_token"), ("refresh_token", text)];
                self.post("/token", &form).await.status == 200
            }
            Consumer::Notices => self.is_heard(text).await,
        }
    }

    /// Whoever holds it takes it back: whether it is good for nothing afterwards. Of what cannot be taken back this is seen
    /// when it is used for what it is, later.
    async fn is_revoked(&self, held: &Held) -> bool {
        let form = [("token", held.text.as_str())];
        let secret = self.machine.client_secret.as_deref().unwrap();
        self.post("/revoke", &form).await;
        self.server().post("/revoke", Some((&self.machine.client_id, secret)), &form).await;
        let own = held.kind.diagonal();
        own.contains(&Consumer::Revocation)
            && match own.first() {
                Some(first) => !Box::pin(self.accepts(*first, held)).await,
                None => false,
            }
    }

    async fn ends_the_session(&self, held: &Held) -> bool {
        let query = params::encode([("id_token_hint", held.text.as_str())]);
        held.browser.open(&self.server().at(&format!("/logout?{query}"))).await;
        held.browser.visit(&self.server().at("/account")).await.has("login-submit")
    }

    /// Asked for something that needs no more than that: what the app then hears is about the refresh token.
    async fn proves_the_app(&self, assertion: &str) -> bool {
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        present(self.server(), "/token", assertion, &form).await.error() == "invalid_grant"
    }

    async fn keys(&self) -> JwkSet {
        let keys = send(mapae_testkit::http().get(self.server().at("/jwks"))).await.json.to_string();
        JwkSet::parse(keys.as_bytes()).unwrap()
    }

    async fn signs_in(&self, text: &str) -> bool {
        let expected = id_token::Expectations {
            issuer: self.server().issuer(),
            client_id: &self.signer.app.client_id,
            nonce: None,
            access_token: None,
            code: None,
            max_age: None,
            algorithms: Algorithm::ALL,
            now: self.server().now(),
            leeway: Leeway::seconds(60),
        };
        id_token::verify(text, &self.keys().await, &expected).is_ok()
    }

    async fn comes_back(&self, text: &str) -> bool {
        let expected = signed_response::Expectations {
            issuer: self.server().issuer(),
            client_id: &self.signer.app.client_id,
            algorithms: Algorithm::ALL,
            now: self.server().now(),
            leeway: Leeway::seconds(60),
        };
        signed_response::verify(text, &self.keys().await, &expected).is_ok()
    }

    async fn signs_out(&self, text: &str) -> bool {
        let expected = logout_token::Expectations {
            issuer: self.server().issuer(),
            client_id: &self.signer.app.client_id,
            algorithms: Algorithm::ALL,
            max_age: Seconds::hours(1),
            now: self.server().now(),
            leeway: Leeway::seconds(60),
        };
        logout_token::verify(text, &self.keys().await, &expected).is_ok()
    }

    async fn is_heard(&self, text: &str) -> bool {
        let request = mapae_testkit::http().post(self.server().at("/upstream/kakao/notices/account"));
        let request = request.header("content-type", "application/secevent+jwt").body(text.to_owned());
        send(request).await.status.is_success()
    }
}
