//! MX-05: every optional input × missing, null, empty, of a wrong type, twice, an array. None of these may ever do
//! what the valid value does; twice is refused (RFC 6749 §3.1).

use mapae_protocol::params;
use mapae_testkit::{
    Answer, ApiFixture, AppFixture, AppSpec, Authorization, Browser, Page, TestServer, UserFixture,
};
use serde_json::{Value, json};

use crate::{
    engines::for_each_engine,
    protocol::{claims, sign_in},
};

/// Name and value of what is sent.
type Pairs = Vec<(String, String)>;

/// How an input is spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Missing,
    Empty,
    Null,
    Number,
    Object,
    List,
    Quoted,
    Twice,
    TwiceDifferent,
    Array,
    Indexed,
    OtherCase,
}

impl Shape {
    const ALL: [Self; 12] = [
        Self::Missing,
        Self::Empty,
        Self::Null,
        Self::Number,
        Self::Object,
        Self::List,
        Self::Quoted,
        Self::Twice,
        Self::TwiceDifferent,
        Self::Array,
        Self::Indexed,
        Self::OtherCase,
    ];

    /// The parameters with this one in another shape. `valid` has it as it should be.
    fn spoil(self, valid: &Pairs, name: &str) -> Pairs {
        let right = valid.iter().find(|(present, _)| present == name).expect("it is there").1.clone();
        let others = valid.iter().filter(|(present, _)| present != name).cloned();
        let spoilt: Vec<(String, String)> = match self {
            Self::Missing => vec![],
            Self::Empty => vec![(name.to_owned(), String::new())],
            Self::Null => vec![(name.to_owned(), "null".to_owned())],
            Self::Number => vec![(name.to_owned(), "-1".to_owned())],
            Self::Object => vec![(name.to_owned(), json!({ "value": right }).to_string())],
            Self::List => vec![(name.to_owned(), json!([right]).to_string())],
            Self::Quoted => vec![(name.to_owned(), json!(right).to_string())],
            Self::Twice => vec![(name.to_owned(), right.clone()), (name.to_owned(), right)],
            Self::TwiceDifferent => vec![(name.to_owned(), "x".to_owned()), (name.to_owned(), right)],
            Self::Array => vec![(format!("{name}[]"), right)],
            Self::Indexed => vec![(format!("{name}[0]"), right)],
            Self::OtherCase => vec![(name.to_uppercase(), right)],
        };
        others.chain(spoilt).collect()
    }

    const fn is_twice(self) -> bool {
        matches!(self, Self::Twice | Self::TwiceDifferent)
    }
}

fn pairs(list: &[(&str, &str)]) -> Pairs {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Two APIs, an app that may ask both, and somebody who has agreed to it.
struct World {
    server: TestServer,
    api: ApiFixture,
    app: AppFixture,
    machine: AppFixture,
    user: UserFixture,
    browser: Browser,
}

const CALENDAR: &str = "https://calendar.example";

impl World {
    async fn of(server: TestServer) -> Self {
        let api = server.register_api(CALENDAR, &["calendar.read"], false).await;
        server.register_api("https://mail.example", &["mail.read"], false).await;
        let scopes = || ["calendar.read", "mail.read", "email"].map(str::to_owned).to_vec();
        let app = server.register(AppSpec { optional: scopes(), ..AppSpec::default() }).await;
        let machine = AppSpec {
            grant_types: "client_credentials".to_owned(),
            required: scopes()[..2].to_vec(),
            optional: vec![],
            redirect_uris: vec![],
            ..AppSpec::default()
        };
        let machine = server.register(machine).await;
        let signed_in = sign_in(&server, &app, "openid calendar.read email").await;
        Self { server, api, app, machine, user: signed_in.user, browser: signed_in.browser }
    }

    async fn post(&self, path: &str, form: &Pairs) -> Answer {
        let request = mapae_testkit::http().post(self.server.at(path)).form(form);
        mapae_testkit::client::send(request).await
    }

    async fn code(&self) -> (String, Authorization) {
        let authorization = Authorization::of(&self.app, "openid calendar.read");
        (self.server.code(&self.browser, &self.user, &authorization).await, authorization)
    }
}

/// What an app learns from an answer to its authorization request, and what the person sees.
async fn authorized(world: &World, authorization: &Authorization, sent: &Pairs) -> Value {
    let query = params::encode(sent.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let page = world.browser.visit(&format!("{}?{query}", world.server.at("/authorize"))).await;
    let Some(code) = page.answered("code") else {
        return json!({
            "status": page.status.as_u16(),
            "form_post": page.values("input[name=code]", "name").len(),
            "error": page.answered("error"),
            "signs in": page.has("login-submit"),
        });
    };
    let tokens = world.server.redeem(&world.app, &code, &authorization.verifier).await;
    let Some(id_token) = tokens.json["id_token"].as_str() else {
        return json!({ "state": page.answered("state"), "tokens": tokens.status.as_u16() });
    };
    json!({
        "state": page.answered("state"),
        "nonce": claims(id_token)["nonce"],
        "aud": claims(&tokens.text("access_token"))["aud"],
        "scope": tokens.json["scope"],
    })
}

fn is_refusal(outcome: &Value) -> bool {
    outcome["error"].is_string() || outcome["status"].as_u64().is_some_and(|status| status >= 400)
}

/// The consent page of somebody who has not agreed to anything yet.
async fn asked(world: &World, number: usize) -> (Browser, Page, Authorization) {
    let user = world.server.user(&format!("somebody{number}@example.com")).await;
    let browser = Browser::default();
    let authorization = Authorization::of(&world.app, "openid email calendar.read");
    let page = browser.visit(&authorization.address(&world.server)).await;
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let consent = browser.follow(browser.submit(&page, "login-submit", &fields).await).await;
    assert!(consent.has("consent-approve"), "{}", consent.body);
    (browser, consent, authorization)
}

for_each_engine! {
    async fn mx_05_parameters_of_an_authorization_request(server: TestServer) {
        let world = World::of(server).await;
        let base = Authorization::of(&world.app, "openid calendar.read");
        for (name, value) in [
            ("state", "af0ifjsldkj"),
            ("nonce", "n-0S6_WzA2Mj"),
            ("scope", "openid calendar.read"),
            ("code_challenge", ""),
            ("code_challenge_method", "S256"),
            ("response_type", "code"),
            ("response_mode", "form_post"),
            ("prompt", "login"),
            ("max_age", "0"),
            ("resource", CALENDAR),
            ("redirect_uri", ""),
            ("client_id", ""),
        ] {
            let authorization = if value.is_empty() { base.clone() } else { base.clone().with(name, value) };
            let valid = &authorization.parameters;
            let outcome = authorized(&world, &authorization, valid).await;
            assert!(!is_refusal(&outcome), "{name}: {outcome}");
            // The only API of these scopes is found without it, and so is the only redirect URI.
            let says_nothing_new = ["resource", "redirect_uri"].contains(&name);
            for shape in Shape::ALL {
                let spoilt = authorized(&world, &authorization, &shape.spoil(valid, name)).await;
                let told = format!("{name} {shape:?}: {spoilt}");
                if shape.is_twice() {
                    assert!(is_refusal(&spoilt), "{told}");
                } else if !says_nothing_new {
                    assert_ne!(spoilt, outcome, "{told}");
                }
                if says_nothing_new && !matches!(shape, Shape::Missing | Shape::Empty) {
                    let ignored = matches!(shape, Shape::Array | Shape::Indexed | Shape::OtherCase);
                    assert!(ignored || is_refusal(&spoilt), "{told}");
                }
            }
        }
    }

    async fn mx_05_parameters_that_are_not_understood_are_refused_and_not_skipped(server: TestServer) {
        let world = World::of(server).await;
        // What a client relies on when it sends one of these must not be taken for granted: OIDC Core §3.1.2.6, §6.1.
        for (name, value) in
            [("request", "x"), ("request_uri", "https://app.example.com/r"), ("registration", "{}")]
        {
            let authorization = Authorization::of(&world.app, "openid").with(name, value);
            for shape in Shape::ALL {
                let sent = shape.spoil(&authorization.parameters, name);
                let there = sent.iter().any(|(present, value)| present == name && !value.is_empty());
                let outcome = authorized(&world, &authorization, &sent).await;
                assert_eq!(is_refusal(&outcome), there, "{name} {shape:?}: {outcome}");
            }
        }
    }

    async fn mx_05_parameters_of_a_redemption(server: TestServer) {
        let world = World::of(server).await;
        let (code, authorization) = world.code().await;
        let secret = world.app.client_secret.clone().expect("it is confidential");
        let valid = pairs(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &world.app.redirect_uri),
            ("code_verifier", &authorization.verifier),
            ("client_id", &world.app.client_id),
            ("client_secret", &secret),
        ]);
        for (name, _) in &valid {
            for shape in Shape::ALL {
                let answer = world.post("/token", &shape.spoil(&valid, name)).await;
                assert!([400, 401].contains(&answer.status.as_u16()), "{name} {shape:?}: {}", answer.json);
                assert!(answer.json["error"].is_string(), "{name} {shape:?}: {}", answer.json);
            }
        }
        let body = serde_json::to_vec(&valid.iter().cloned().collect::<std::collections::BTreeMap<_, _>>());
        let request = mapae_testkit::http().post(world.server.at("/token"));
        let request = request.header("content-type", "application/json").body(body.expect("JSON"));
        let answer = mapae_testkit::client::send(request).await;
        assert!(answer.status.is_client_error(), "as JSON: {}", answer.json);
        let answer = world.post("/token", &valid).await;
        assert_eq!(answer.status, 200, "none of that burnt the code: {}", answer.json);
    }

    async fn mx_05_parameters_of_a_refresh(server: TestServer) {
        let world = World::of(server).await;
        let (code, authorization) = world.code().await;
        let tokens = world.server.redeem(&world.app, &code, &authorization.verifier).await;
        let secret = world.app.client_secret.clone().expect("it is confidential");
        let valid = pairs(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", &tokens.text("refresh_token")),
            ("scope", "openid"),
            ("client_id", &world.app.client_id),
            ("client_secret", &secret),
        ]);
        for (name, _) in valid.iter().filter(|(name, _)| name != "scope") {
            for shape in Shape::ALL {
                let answer = world.post("/token", &shape.spoil(&valid, name)).await;
                assert!([400, 401].contains(&answer.status.as_u16()), "{name} {shape:?}: {}", answer.json);
            }
        }
        // A narrower scope is optional: whatever is not exactly it must not be taken for it, nor widen anything.
        let mut token = tokens.text("refresh_token");
        for shape in Shape::ALL {
            let mut sent = shape.spoil(&valid, "scope");
            sent.iter_mut()
                .filter(|(name, _)| name == "refresh_token")
                .for_each(|(_, value)| value.clone_from(&token));
            let answer = world.post("/token", &sent).await;
            if answer.status == 200 {
                assert_eq!(answer.text("scope"), "calendar.read openid", "{shape:?}: as if it were not there");
                assert!(!shape.is_twice(), "{shape:?}");
                token = answer.text("refresh_token");
            } else {
                assert!(
                    ["invalid_scope", "invalid_request"].contains(&answer.error()),
                    "{shape:?}: {}",
                    answer.json
                );
            }
        }
    }

    async fn mx_05_parameters_of_a_machine(server: TestServer) {
        let world = World::of(server).await;
        let secret = world.machine.client_secret.clone().expect("it is confidential");
        let valid = pairs(&[
            ("grant_type", "client_credentials"),
            ("scope", "calendar.read"),
            ("resource", CALENDAR),
            ("client_id", &world.machine.client_id),
            ("client_secret", &secret),
        ]);
        let good = world.post("/token", &valid).await;
        assert_eq!(good.status, 200, "{}", good.json);
        for (name, _) in &valid {
            for shape in Shape::ALL {
                let answer = world.post("/token", &shape.spoil(&valid, name)).await;
                let told = format!("{name} {shape:?}: {}", answer.json);
                if shape.is_twice() || !["scope", "resource"].contains(&name.as_str()) {
                    assert!([400, 401].contains(&answer.status.as_u16()), "{told}");
                } else if answer.status == 200 {
                    // Nothing else than this API, and no more than it has scopes of.
                    assert_eq!(answer.text("scope"), "calendar.read", "{told}");
                    assert_eq!(claims(&answer.text("access_token"))["aud"], json!(CALENDAR), "{told}");
                    let as_if_missing =
                        [Shape::Missing, Shape::Empty, Shape::Array, Shape::Indexed, Shape::OtherCase];
                    assert!(as_if_missing.contains(&shape), "{told}");
                }
            }
        }
    }

    async fn mx_05_parameters_of_questions_about_tokens(server: TestServer) {
        let world = World::of(server).await;
        let (code, authorization) = world.code().await;
        let tokens = world.server.redeem(&world.app, &code, &authorization.verifier).await;
        let token = tokens.text("access_token");
        let api = (world.api.client_id.as_str(), world.api.client_secret.as_str());
        let asked = pairs(&[("token", &token), ("client_id", api.0), ("client_secret", api.1)]);
        assert_eq!(world.post("/introspect", &asked).await.json["active"], true);
        let secret = world.app.client_secret.clone().expect("it is confidential");
        let revoked =
            pairs(&[("token", &token), ("client_id", &world.app.client_id), ("client_secret", &secret)]);
        for (path, valid) in [("/introspect", &asked), ("/revoke", &revoked)] {
            for (name, _) in valid {
                for shape in Shape::ALL {
                    let answer = world.post(path, &shape.spoil(valid, name)).await;
                    let told = format!("{path} {name} {shape:?}: {} {}", answer.status, answer.json);
                    assert_ne!(answer.json["active"], true, "{told}");
                    assert!(!shape.is_twice() || answer.status.is_client_error(), "{told}");
                }
            }
        }
        assert!(world.server.is_active(&world.api, &token).await, "none of that revoked it");
        assert_eq!(world.post("/revoke", &revoked).await.status, 200);
        assert!(!world.server.is_active(&world.api, &token).await);
    }

    async fn mx_05_nothing_but_a_tick_is_consent(server: TestServer) {
        let world = World::of(server).await;
        for (number, shape) in Shape::ALL.into_iter().enumerate() {
            let (browser, page, authorization) = asked(&world, number).await;
            for (name, value) in [("decision", "approve"), ("all", "1"), ("item", "email")] {
                let (action, mut fields) = page.form("consent-approve");
                fields.retain(|(present, _)| present != name);
                fields.push((name.to_owned(), value.to_owned()));
                let answer = browser.post(&action, &page, &shape.spoil(&fields, name)).await;
                let Some(code) = answer.answered("code") else {
                    assert!(answer.status.is_client_error(), "{name} {shape:?}: {}", answer.status);
                    continue;
                };
                assert_ne!(name, "decision", "{shape:?}: it was not agreed to anything");
                let tokens = world.server.redeem(&world.app, &code, &authorization.verifier).await;
                // A list of items may name one twice, and then names it.
                let expected = if name == "item" && shape == Shape::Twice { "email openid" } else { "openid" };
                assert_eq!(tokens.text("scope"), expected, "{name} {shape:?}");
                // Answered: the next input is tried on another page.
                break;
            }
        }
    }
}
