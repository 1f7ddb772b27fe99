//! People, apps and APIs in a server's database.

use std::collections::BTreeMap;

use mapae::{
    accounts::{NewPassword, Passwords},
    store::{
        Concealed, Unit,
        apis::{ApiScope, NewApi, TokenFormat},
        app_secrets::NewSecret,
        apps::{AppLists, AppScope, AppSettings, NewApp},
        users::NewUser,
    },
};
use mapae_protocol::{base64url, digest::sha256_base64url, random};
use serde_json::Value;

use crate::TestServer;

/// A person with a password.
#[derive(Clone, Debug)]
pub struct UserFixture {
    /// `usr_…`
    pub id: String,
    /// Their address.
    pub email: String,
    /// Their password.
    pub password: String,
}

/// What an app is like.
#[derive(Clone, Debug)]
pub struct AppSpec {
    /// Its name.
    pub name: String,
    /// Its redirect URIs.
    pub redirect_uris: Vec<String>,
    /// Origins of its browser part.
    pub origins: Vec<String>,
    /// Cannot keep a secret.
    pub public: bool,
    /// Space-separated.
    pub grant_types: String,
    /// What it cannot do without.
    pub required: Vec<String>,
    /// What it would like.
    pub optional: Vec<String>,
    /// The only way in which it may authenticate.
    pub auth_method: Option<String>,
    /// The algorithm of its ID tokens.
    pub id_token_alg: String,
    /// Must use PKCE.
    pub pkce_required: bool,
    /// Rotates refresh tokens.
    pub rotate_refresh: bool,
    /// `pairwise` or `public`.
    pub subject_type: String,
    /// What else it registered, by the member's name (RFC 7591 §2).
    pub metadata: BTreeMap<String, Value>,
}

impl Default for AppSpec {
    fn default() -> Self {
        Self {
            name: "시험 앱".to_owned(),
            redirect_uris: vec!["https://app.example.com/cb".to_owned()],
            origins: Vec::new(),
            public: false,
            grant_types: "authorization_code refresh_token".to_owned(),
            required: vec!["openid".to_owned()],
            optional: vec!["profile".to_owned(), "email".to_owned()],
            auth_method: None,
            id_token_alg: "RS256".to_owned(),
            pkce_required: true,
            rotate_refresh: true,
            subject_type: "pairwise".to_owned(),
            metadata: BTreeMap::new(),
        }
    }
}

/// A registered app.
#[derive(Clone, Debug)]
pub struct AppFixture {
    /// Its id.
    pub client_id: String,
    /// Its secret, unless it is public.
    pub client_secret: Option<String>,
    /// Its first redirect URI.
    pub redirect_uri: String,
}

/// A registered API.
#[derive(Clone, Debug)]
pub struct ApiFixture {
    /// Its resource indicator.
    pub identifier: String,
    /// Its credential's id.
    pub client_id: String,
    /// Its credential's secret.
    pub client_secret: String,
}

impl TestServer {
    /// A person with this address; the password is `correct horse`.
    pub async fn user(&self, email: &str) -> UserFixture {
        self.user_who_speaks(email, None).await
    }

    /// As [`TestServer::user`], with the language of their account.
    pub async fn user_who_speaks(&self, email: &str, locale: Option<&str>) -> UserFixture {
        self.person(email, locale, false).await
    }

    /// Whoever runs the server.
    pub async fn operator(&self, email: &str) -> UserFixture {
        self.person(email, None, true).await
    }

    async fn person(&self, email: &str, locale: Option<&str>, operator: bool) -> UserFixture {
        let password = "correct horse battery".to_owned();
        let passwords = Passwords::new();
        let new = NewPassword::parse(&password).expect("it is long enough");
        let user = NewUser {
            id: fresh("usr"),
            email: Some(email.to_owned()),
            email_verified: true,
            name: "홍길동".to_owned(),
            locale: locale.map(str::to_owned),
            password_hash: Some(Concealed::from(passwords.hash(new).await.expect("it is hashed"))),
            operator,
            claims: None,
        };
        self.write(Unit::from(mapae::store::users::insert(&user, self.now()))).await;
        UserFixture { id: user.id, email: email.to_owned(), password }
    }

    /// An app.
    pub async fn register(&self, spec: AppSpec) -> AppFixture {
        let secret = (!spec.public).then(random::token);
        let scopes = spec.required.iter().map(|scope| (scope, true));
        let scopes = scopes.chain(spec.optional.iter().map(|scope| (scope, false)));
        let app = NewApp {
            id: fresh("app"),
            owner_id: None,
            settings: AppSettings {
                name: spec.name,
                icon: None,
                homepage: None,
                public: spec.public,
                grant_types: spec.grant_types,
                token_endpoint_auth_method: spec.auth_method,
                id_token_alg: spec.id_token_alg,
                subject_type: spec.subject_type,
                pkce_required: spec.pkce_required,
                rotate_refresh: spec.rotate_refresh,
                held_members: String::new(),
            },
            lists: AppLists {
                redirect_uris: spec.redirect_uris.clone(),
                origins: spec.origins,
                scopes: scopes.map(|(scope, required)| item(scope, required)).collect(),
                metadata: spec
                    .metadata
                    .into_iter()
                    .map(|(member, value)| (member, value.to_string()))
                    .collect(),
            },
            secret: secret.as_ref().map(|secret| NewSecret {
                id: fresh("sec"),
                hash: digest(secret),
                sealed: None,
            }),
        };
        self.write(mapae::store::apps::insert(&app, self.now())).await;
        AppFixture {
            client_id: app.id,
            client_secret: secret,
            redirect_uri: spec.redirect_uris.into_iter().next().unwrap_or_default(),
        }
    }

    /// An API with these scopes.
    pub async fn register_api(&self, identifier: &str, scopes: &[&str], opaque: bool) -> ApiFixture {
        let secret = random::token();
        let api = NewApi {
            id: fresh("api"),
            identifier: identifier.to_owned(),
            name: "일정 API".to_owned(),
            token_format: if opaque { TokenFormat::Opaque } else { TokenFormat::Jwt },
            secret_hash: digest(&secret),
            scopes: scopes.iter().map(|scope| titled(scope)).collect(),
        };
        self.write(mapae::store::apis::insert(&api, self.now())).await;
        ApiFixture { identifier: identifier.to_owned(), client_id: api.id, client_secret: secret }
    }

    /// Writes to the database, as another process would, and waits until the server has seen it.
    pub async fn write(&self, unit: Unit) {
        self.app().db().commit(unit).await.expect("the write succeeds");
        self.app().catch_up().await.expect("the server follows");
    }
}

fn fresh(prefix: &str) -> String {
    format!("{prefix}_{}", base64url::encode(random::bytes::<16>()))
}

fn digest(secret: &str) -> Concealed {
    Concealed::from(sha256_base64url(secret))
}

fn item(scope: &str, required: bool) -> AppScope {
    AppScope {
        scope: scope.to_owned(),
        required,
        purpose_ko: "시험하려고 써요".to_owned(),
        purpose_en: "For the test".to_owned(),
    }
}

fn titled(scope: &str) -> ApiScope {
    ApiScope {
        scope: scope.to_owned(),
        title_ko: "일정 보기".to_owned(),
        title_en: "See your calendar".to_owned(),
    }
}
