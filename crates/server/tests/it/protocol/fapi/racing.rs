//! An app goes over to a profile at the moment at which things are made for it, on two nodes: whatever comes out of that obeys
//! one set of rules or the other, and nothing that was made by the looser ones is good for anything afterwards.

use std::sync::atomic::{AtomicBool, Ordering};

use mapae_protocol::{client_assertion::ASSERTION_TYPE, params};
use mapae_testkit::{Answer, Authorization, Browser, Engine, Page, TestServer, client::send};
use reqwest::Method;
use serde_json::json;

use super::{
    super::{
        dpop::{self, Key},
        open_at, to_node,
    },
    Bank, SECURITY, is_page, pairs,
    switching::{Managed, open},
};

/// What was made by the looser rules.
#[derive(Default)]
struct Made {
    /// Requests without PKCE.
    pushed: Vec<String>,
    /// Codes of requests that were not pushed, and their verifiers.
    codes: Vec<(String, String)>,
    /// Tokens that are bound to nothing.
    tokens: Vec<Answer>,
}

/// Where an app sends a browser, on this very node.
async fn begin(node: &TestServer, browser: &Browser, parameters: &[(&str, &str)]) -> Page {
    open_at(node, browser, &format!("/authorize?{}", params::encode(parameters.iter().copied()))).await
}

/// One of the nodes, and who goes there.
struct Place<'a> {
    node: &'a TestServer,
    managed: &'a Managed,
    browser: &'a Browser,
}

impl Place<'_> {
    /// A form of the app's, without a proof of possession; to this very node.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let assertion = self.managed.signer.fresh(self.node);
        let credential =
            [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.as_str())];
        dpop::post(self.node, &self.managed.signer.app, path, &[], &[&credential[..], form].concat()).await
    }

    async fn code(&self) -> Option<(String, String)> {
        let asked = Authorization::of(&self.managed.signer.app, "openid email");
        let page = begin(self.node, self.browser, &pairs(&asked.parameters)).await;
        let code = page.answered("code");
        if code.is_none() {
            is_page(&page);
        }
        Some((code?, asked.verifier))
    }

    /// One of everything, as far as the rules of the moment give it.
    async fn make(&self, made: &mut Made) {
        let app = &self.managed.signer.app;
        let bare = Authorization::of(app, "openid email").with("code_challenge", "");
        // Who pushes says who it is in its assertion.
        let bare = bare.with("code_challenge_method", "").with("client_id", "");
        let pushed = self.post("/par", &pairs(&bare.parameters)).await;
        match pushed.status.as_u16() {
            201 => made.pushed.push(pushed.text("request_uri")),
            status => assert_eq!((status, pushed.error()), (400, "invalid_request"), "{}", pushed.json),
        }
        made.codes.extend(self.code().await);
        let Some((code, verifier)) = self.code().await else { return };
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", &app.redirect_uri),
            ("code_verifier", &verifier),
        ];
        let tokens = self.post("/token", &form).await;
        if tokens.status != 200 {
            assert!(
                ["invalid_grant", "invalid_dpop_proof", "use_dpop_nonce"].contains(&tokens.error()),
                "{}",
                tokens.json
            );
            return;
        }
        assert_eq!(tokens.text("token_type"), "Bearer");
        let refresh = tokens.text("refresh_token");
        let renewed =
            self.post("/token", &[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
        made.tokens.extend([tokens, renewed].into_iter().filter(|answer| answer.status == 200));
    }

    /// Again and again, until the app has gone over, and once more then.
    async fn make_until(&self, over: &AtomicBool) -> Made {
        let mut made = Made::default();
        loop {
            let last = over.load(Ordering::SeqCst);
            self.make(&mut made).await;
            if last {
                return made;
            }
        }
    }
}

impl Made {
    async fn is_good_for_nothing(&self, bank: &Bank, nodes: [&TestServer; 2], browser: &Browser) {
        let [server, _] = nodes;
        for node in nodes {
            for uri in &self.pushed {
                let parameters = [("client_id", bank.client_id()), ("request_uri", uri)];
                is_page(&begin(node, browser, &parameters).await);
            }
            for tokens in &self.tokens {
                let userinfo = to_node(node, Method::GET, "/userinfo");
                let told = send(userinfo.bearer_auth(tokens.text("access_token"))).await;
                assert_eq!(told.status, 401, "{}", told.json);
            }
        }
        for (code, verifier) in &self.codes {
            assert_eq!(bank.redeem(server, code, verifier).await.error(), "invalid_grant");
        }
        for tokens in &self.tokens {
            assert_eq!(bank.refresh(server, &tokens.text("refresh_token")).await.error(), "invalid_grant");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fapi_what_is_made_while_an_app_goes_over_ends_with_it() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let twin = server.twin().await;
        let user = server.user("hong@example.com").await;
        for _ in 0..3 {
            let managed = Managed::register(&server).await;
            twin.app().catch_up().await.unwrap();
            let browser = Browser::default();
            server.code(&browser, &user, &Authorization::of(&managed.signer.app, "openid email")).await;
            let places = [&server, &twin].map(|node| Place { node, managed: &managed, browser: &browser });
            let mut first = Made::default();
            places[1].make(&mut first).await;
            assert_eq!(
                (first.pushed.len(), first.codes.len(), first.tokens.len()),
                (1, 1, 2),
                "by the looser rules"
            );
            let over = AtomicBool::new(false);
            let change = async {
                // Somebody else of the app's people updates it at the same time, and has not heard of a profile.
                let named = json!({ "contacts": ["dev@bank.example"] });
                let ((), named) =
                    tokio::join!(managed.go_over(&server, SECURITY), managed.say(&twin, &named));
                assert_eq!(named.status, 200, "{}", named.json);
                over.store(true, Ordering::SeqCst);
            };
            let ((), here, there) =
                tokio::join!(change, places[0].make_until(&over), places[1].make_until(&over));
            for node in [&server, &twin] {
                node.app().catch_up().await.unwrap();
            }
            let shown = managed.say(&twin, &json!({})).await;
            assert_eq!(shown.json["fapi_profile"], SECURITY, "whichever update came last");
            let bank = Bank { signer: managed.signer, key: Key::fresh(), profile: SECURITY };
            for made in [first, here, there] {
                made.is_good_for_nothing(&bank, [&server, &twin], &browser).await;
            }
            bank.tokens(&server, (&browser, &user)).await;
        }
    }
}
