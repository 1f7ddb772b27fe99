//! Login with Kakao, Naver, Google, Facebook, Apple, GitHub or any OpenID provider, from the button to the session.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use mapae_client::{
//!     Accounts, Answers, BoxError, Client, ClientRegistration, CreateError, Definition, EndUser, Identity, Provider,
//!     ProviderSettings, SignedIn, Vault, axum::routes,
//! };
//!
//! struct Everybody;
//!
//! impl Accounts for Everybody {
//!     type User = String;
//!     async fn find(&self, person: &EndUser) -> Result<Option<String>, BoxError> {
//!         Ok(Some(person.subject().to_owned()))
//!     }
//!     async fn create(&self, identity: &Identity, _: &Answers) -> Result<String, CreateError> {
//!         Ok(identity.person().subject().to_owned())
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), BoxError> {
//!     let app = ClientRegistration::new("the REST API key", "http://localhost:3000/callback").with_secret("its secret");
//!     let kakao = Provider::new(Definition::named("kakao")?, app, ProviderSettings::new("kakao"))?;
//!     let client = Client::builder(Vault::open("data/client.db")?, Everybody).provider(kakao).build()?;
//!     let home = get(async |SignedIn { user, .. }: SignedIn<String>| format!("안녕하세요 {user}"));
//!     let app = Router::new().route("/", home).merge(routes(&client)).with_state(client);
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     Ok(axum::serve(listener, app).await?)
//! }
//! ```
//!
//! Without keys and without internet: `Definition::named("kakao")?.at("http://localhost:9100")` is the same program with
//! the simulator of `mapae simulate kakao`, which prints the `client_id` and the secret to use.
//!
//! # Any OpenID provider, a sign-up step, and accounts of your own
//!
//! ```no_run
//! use std::collections::HashMap;
//!
//! use axum::{Router, extract::FromRef, routing::get};
//! use mapae_client::{
//!     Accounts, Answers, BoxError, Client, ClientRegistration, CreateError, EndUser, Field, Identity, Provider,
//!     ProviderSettings, SignedIn, Term, Vault, axum::routes,
//! };
//! use tokio::sync::Mutex;
//!
//! /// The application's users; a real one keeps them in its database, under a unique key of issuer and subject.
//! #[derive(Default)]
//! struct Users(Mutex<HashMap<EndUser, String>>);
//!
//! impl Accounts for Users {
//!     type User = String;
//!
//!     async fn find(&self, person: &EndUser) -> Result<Option<String>, BoxError> {
//!         Ok(self.0.lock().await.get(person).cloned())
//!     }
//!
//!     async fn create(&self, identity: &Identity, answers: &Answers) -> Result<String, CreateError> {
//!         let nickname = answers.text("nickname").unwrap_or_default().to_owned();
//!         Ok(self.0.lock().await.entry(identity.person().clone()).or_insert(nickname).clone())
//!     }
//! }
//!
//! async fn home(SignedIn { user, .. }: SignedIn<String>) -> String {
//!     format!("Hello {user}")
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), BoxError> {
//!     let registration = ClientRegistration::new("my-client-id", "http://localhost:3000/callback")
//!         .with_secret("my-client-secret")
//!         .with_scopes("openid profile email calendar.read");
//!     let settings = ProviderSettings::new("mapae").for_development();
//!     let client = Client::builder(Vault::open("data/client.db")?, Users::default())
//!         .name("my-service")
//!         .provider(Provider::discover("http://localhost:9000", registration, settings)?)
//!         .sign_up([Field::required("nickname").titled("별명", "Nickname").max_chars(20)])
//!         .terms([Term::required("service", "2026-11-01").titled("이용약관", "Terms of service").at("/terms")])
//!         .build()?;
//!     let app = Router::new().route("/", get(home)).merge(routes(&client)).with_state(client);
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     Ok(axum::serve(listener, app).await?)
//! }
//! ```
//!
//! Several providers are several calls of `.provider(…)`, each with a redirect URI of its own; the button of each is a link to
//! `/login?provider=NAME`, the name of its [`ProviderSettings`]. `/login` alone goes to the first.
//!
//! [`axum::routes`] serves `/login`, `/login.json` for a front end, the provider's redirect URI, `/sign-up`,
//! `/sign-in-methods`, `/agreements` and `/sign-out`. Without axum the same steps are methods of [`Client`]; a native program uses [`Provider::start`] and
//! [`Provider::finish`] alone (see `examples/cli.rs`).
//!
//! # A front end with JWTs
//!
//! In the place of the session cookie, a front end gets short access tokens of the service's own: after the login it posts a
//! one-time code from a cookie, and renews before the access token is over.
//!
//! ```no_run
//! # use mapae_client::{Accounts, Answers, BoxError, ClientRegistration, CreateError, EndUser, Identity, ProviderSettings};
//! use axum::{Router, routing::get};
//! use mapae_client::{Client, Definition, Provider, ServiceTokens, SignedIn, Vault, VaultKey, axum::routes};
//! # #[derive(Clone)]
//! # struct User { id: u64 }
//! # struct Users;
//! # impl Accounts for Users {
//! #     type User = User;
//! #     async fn find(&self, _: &EndUser) -> Result<Option<User>, BoxError> { Ok(None) }
//! #     async fn create(&self, _: &Identity, _: &Answers) -> Result<User, CreateError> { Ok(User { id: 1 }) }
//! # }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), BoxError> {
//! # let app = ClientRegistration::new("the REST API key", "http://localhost:3000/callback").with_secret("its secret");
//! # let kakao = Provider::new(Definition::named("kakao")?, app, ProviderSettings::new("kakao"))?;
//! let vault = Vault::connect("sqlite:data/client.db", &VaultKey::file("data/client.key")?).await?;
//! let tokens = ServiceTokens::new().subject(|user: &User| user.id.to_string());
//! let client = Client::builder(vault, Users).provider(kakao).service_tokens(tokens).build()?;
//! // `SignedIn` is the bearer of an access token now.
//! let me = get(async |SignedIn { user, .. }: SignedIn<User>| user.id.to_string());
//! let app = Router::new().route("/api/me", me).merge(routes(&client)).with_state(client);
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! # Ok(axum::serve(listener, app).await?)
//! # }
//! ```
//!
//! ```js
//! const cookie = name => document.cookie.split("; ").find(pair => pair.split("=")[0].endsWith(name))?.split("=")[1];
//! const tokens = await fetch("/tokens", { method: "POST", body: new URLSearchParams({ code: cookie("-code") }) });
//! const { access_token, expires_in } = await tokens.json();
//! // Before expires_in is over: fetch("/tokens/renewal", { method: "POST" })
//! ```
//!
//! Ways into the account are listed, added and removed at `/sign-in-methods` ([Accounts](#accounts)) with the access token.
//! Whoever changes them proves first who they are; after that login there are new tokens to fetch, as after every one.
//!
//! ```js
//! const go = async (path, provider) => {
//!     const form = new URLSearchParams({ provider, return_to: "/settings" });
//!     const headers = { Accept: "application/json", Authorization: `Bearer ${access_token}` };
//!     const answer = await fetch(path, { method: "POST", headers, body: form });
//!     location.assign((await answer.json()).authorization_url);
//! };
//! // go("/sign-in-methods/prove", "kakao"), the code posted to /tokens, and within ten minutes:
//! // go("/sign-in-methods/add", "naver"), after which the tokens stay what they are.
//! ```
//!
//! With [`refresh_token_in_body`](ServiceTokens::refresh_token_in_body) the browser has no cookie that would show whose tokens
//! they are. There each of these forms brings `refresh_token` beside its other fields, of the session that the access token
//! names: an access token alone, which is in every request to every API, proves, adds and removes nothing. `/sign-out` takes
//! it, too, and so ends a session whose access token is over; a request that names no session is answered with
//! `not_signed_in`, and nothing has ended.
//!
//! The provider sends the browser back without an access token, so the login in between remembers the account and the session,
//! sealed in a cookie of the browser that began. Both must still be there when it comes back, in that browser, with the proof
//! made in that session; a session that ends meanwhile, however late, adds nothing.
//!
//! Another API of the service checks these tokens with `mapae-resource` and the service's origin as the issuer; see
//! [`ServiceTokens`] for lifetimes, audience and where the refresh token is.
//!
//! # Providers
//!
//! A [`Definition`] says how a provider is spoken to; [`Definition::named`] has those that are compiled in,
//! [`Definition::parse`] reads a file of your own, in the form that stands there. Whatever the provider, an [`Identity`] has the same form, an [`Error`]
//! the same [`Class`], and [`Provider::advice`] names the place in the provider's console where a wrong setting stands.
//! [`Client::unlink`] ends a link from our side; what providers tell of theirs arrives at `/notices/PROVIDER/NAME`
//! ([`Client::notified`]). Facebook's wish that data be deleted is answered with a code, and `/deletion` says what became of it
//! ([`Client::deletion`]): tokens, the masked address of that way and its sessions are gone, and the application does the rest
//! when it is [told](Accounts::notified).
//!
//! With Kakao Sync the service's own terms stand on Kakao's page: [`ClientRegistration::with_terms`] has them read at each login
//! ([`Identity::provider_terms`]), and [`LoginRequest::asking_for_terms`] asks for those that are missing.
//!
//! # Accounts
//!
//! The key is issuer and subject, and the application finds its users by the identity that founded each account. What
//! [`linking`] decides about an arriving identity, and by which rule, is told to [`Accounts::decided`], to the log and to the
//! provider's [observer](observe::Observer::judged); no address links anything. At `/sign-in-methods`
//! ([`Client::sign_in_methods`]) people add and remove ways into their account after a fresh sign-in, never the last one;
//! [`Accounts::method_changed`] lets the application write them a mail. [`Term`]s have versions: a required one is asked for
//! again when it changes, an optional one is withdrawn at `/agreements`. Sign-ups that nobody finishes are gone after a day
//! ([`Client::clean_up`]); [`Client::account_deleted`] forgets an account that the application deleted, and ends its links at
//! the providers.
//!
//! An application that has passwords, or another proof of its own, says before it reads one whose it is
//! ([`Client::before_proof`]), and with what that gave, that it was right ([`Client::vouch`], [`Client::account_proved`]). After
//! it has set a new one it calls [`Client::sign_out_everywhere`]: that ends the sessions there are, and every proof that began
//! before, so that whoever knew the old password is not in by it a moment later.
//!
//! ```no_run
//! # use mapae_client::{BoxError, Client, EndUser, ReturnTo};
//! # async fn is_right(account: &EndUser, password: &str) -> Result<bool, BoxError> { Ok(false) }
//! # async fn sign_in(client: &Client<String>, account: EndUser, password: &str, headers: &http::HeaderMap) -> Result<(), BoxError> {
//! let before = client.before_proof(&account).await?;
//! // Only now is the hash of the password read.
//! if is_right(&account, password).await? {
//!     let redirect = client.vouch(&before, &ReturnTo::default(), headers).await?;
//! #   drop(redirect);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Apple has no secret to copy: `ClientRegistration::new("com.example.web", "https://…/callback")` takes the credentials
//! `team_id`, `key_id` and `private_key` (the text of the `.p8` file), and secrets are signed when they are needed. Its page
//! posts the answer; [`axum::routes`] takes that, and without axum [`Client::posted`] comes before [`Client::callback`].
//!
//! # Tokens
//!
//! What the provider gives stays in the [`Vault`]: the browser has a session cookie and nothing else.
//! [`Client::access_token`] gives a token that works now, [`Client::call_with_token`] calls an API with it. Of all readers in
//! all processes that share a vault one refreshes.
//!
//! Tokens of a registration with [`with_bound_tokens`](ClientRegistration::with_bound_tokens) are bound to a key of this login
//! (DPoP, RFC 9449). They are shown with [`Client::headers_of_call`], and the answer goes to [`Client::attempt`], which learns
//! the API's nonce; [`Attempt::of`] is for all other tokens.
//! [`with_fapi_profile`](ClientRegistration::with_fapi_profile) is all that FAPI 2.0 asks of a client.
//! [`with_message_signing_profile`](ClientRegistration::with_message_signing_profile) has, besides, what is asked signed by the
//! client (RFC 9101) and what is answered by the provider (JARM), and takes nothing that is not;
//! [`with_signed_requests`](ClientRegistration::with_signed_requests) and
//! [`with_signed_answers`](ClientRegistration::with_signed_answers) are to be had alone.
//!
//! A vault is a SQLite file ([`Vault::open`]) or, with the feature `postgres`, a schema of its own in a PostgreSQL database
//! ([`Vault::connect`]).

mod accounts;
#[cfg(feature = "axum")]
pub mod axum;
mod back_channel;
mod before_proof;
mod calendar;
pub mod callback;
mod callback_response;
mod class;
mod client;
mod clock;
mod cookie;
mod definition;
mod errand;
pub mod error;
#[doc(hidden)]
pub mod fuzzing;
mod http_error;
mod identity;
mod in_app;
mod intent;
pub mod linking;
pub mod login;
mod notice;
pub mod observe;
mod pending;
mod possession;
mod posted;
mod provider;
mod redirect;
mod return_to;
mod secret_id;
mod service_tokens;
mod session;
mod setting;
mod sign_in_methods;
mod sign_up;
pub mod terms;
mod titles;
mod tokens;
mod vault;

pub use mapae_protocol as protocol;

pub use accounts::{Accounts, BoxError, CreateError};
#[cfg(feature = "axum")]
pub use axum::SignedIn;
pub use before_proof::BeforeProof;
pub use callback::{CallbackError, CallbackResponse, CompletedLogin};
pub use client::{AccessError, Attempt, CallError, Client, ClientBuilder};
pub use clock::Clock;
pub use definition::{ButtonLook, ButtonUse, Definition, DefinitionError};
pub use error::{Class, Error, Explanation, Locale};
pub use http_error::HttpError;
pub use identity::{BirthDate, Email, EndUser, Identity, ProviderTerm, Verification};
pub use in_app::names_an_app;
pub use intent::Intent;
pub use login::{LoginError, LoginRequest, StartedLogin};
pub use notice::{EventKind, Notice, NoticeAnswer, NoticeError, NoticeRefusal, ProvedNotice, ProviderEvent};
pub use pending::PendingLogin;
pub use provider::{ClientRegistration, MetadataError, Provider, ProviderError, ProviderSettings};
pub use redirect::Redirect;
pub use return_to::{NotAPath, ReturnTo};
pub use service_tokens::{ServiceTokenAnswer, ServiceTokenError, ServiceTokens};
pub use session::Session;
pub use setting::{ConfigurationError, Setting};
pub use sign_in_methods::{AccountError, MethodChange, MethodToAdd, SignInMethod, SignInMethods};
pub use sign_up::{Answers, Field, Problem, ProblemKind, SignUpError, SignUpForm, SignUpOutcome};
pub use terms::{Agreement, Term};
pub use tokens::{AccessToken, Tokens};
/// For the server `mapae`, which speaks to its database by the same rule. Nothing here is promised.
#[cfg(feature = "postgres")]
#[doc(hidden)]
pub use vault::postgres_address;
pub use vault::{KeyFileError, StoreError, Vault, VaultKey};
