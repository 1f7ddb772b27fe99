//! People, apps and what they agreed on, for tests to start from.

use std::collections::BTreeMap;

use mapae::store::{
    Db, Unit,
    alive::Epochs,
    app_secrets::NewSecret,
    apps::{self, AppLists, AppScope, AppSettings, NewApp},
    consents::{self, Agreement},
    grants::{self, Given, NewGrant, Redemption},
    sessions::{self, NewSession, Proof},
    users::{self, NewUser},
};
use mapae_protocol::time::{Seconds, Timestamp};

/// The time in which the tests live.
pub(super) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

/// `span` after [`NOW`].
pub(super) const fn later(span: Seconds) -> Timestamp {
    NOW.plus(span)
}

/// One person with one session, who agreed to give one app `openid` and `profile`.
pub(super) struct Seed {
    pub(super) user: String,
    pub(super) app: String,
    pub(super) consent: String,
    pub(super) session: String,
}

impl Seed {
    /// Plants it under ids that end in `tag`.
    pub(super) async fn plant(db: &Db, tag: &str) -> Self {
        let seed = Self {
            user: format!("usr_{tag}"),
            app: format!("app_{tag}"),
            consent: format!("con_{tag}"),
            session: format!("ses_{tag}"),
        };
        let agreement = Agreement {
            new_id: seed.consent.clone(),
            user_id: seed.user.clone(),
            app_id: seed.app.clone(),
            accepted: vec!["openid".into(), "profile".into()],
            refused: vec![],
            anew: false,
            agreed_app: None,
        };
        let unit = Unit::new()
            .with(users::insert(&new_user(tag), NOW))
            .with(apps::insert(&new_app(tag), NOW))
            .with(sessions::insert(&new_session(&seed.session, &seed.user), NOW))
            .with(consents::agree(None, &agreement, NOW));
        db.commit(unit).await.expect("the seed is planted");
        seed
    }

    /// A grant that comes from `code:{code}`, made under the epochs of the start, bound to the session.
    pub(super) fn grant(&self, code: &str) -> NewGrant {
        NewGrant {
            given: Given {
                id: format!("gra_{code}"),
                origin: format!("code:{code}"),
                user_id: self.user.clone(),
                app_id: self.app.clone(),
                consent_id: self.consent.clone(),
                session_id: Some(self.session.clone()),
                offline: false,
                scopes: "openid profile".into(),
                resource: None,
                claims: None,
                jkt: None,
                auth_time: NOW,
                amr: "pwd".into(),
                acr: None,
                epochs: Epochs { user: 0, app: 0, consent: 0, session: Some(0) },
                code_expires_at: later(Seconds::seconds(60)),
                expires_at: later(Seconds::days(30)),
            },
            refresh_hash: Some("hash-0".into()),
            idle_expires_at: later(Seconds::days(7)),
        }
    }

    /// Redeems `code`.
    pub(super) async fn redeem(&self, db: &Db, code: &str) -> String {
        let grant = self.grant(code);
        db.commit(grants::insert(&grant, NOW)).await.expect("a fresh code is redeemed");
        grant.given.id
    }

    /// What a code of this person for this app names.
    pub(super) fn redemption<'a>(&'a self, origin: &'a str) -> Redemption<'a> {
        Redemption {
            origin,
            user_id: &self.user,
            app_id: &self.app,
            consent_id: &self.consent,
            session_id: Some(&self.session),
        }
    }
}

pub(super) fn new_user(tag: &str) -> NewUser {
    NewUser {
        id: format!("usr_{tag}"),
        email: Some(format!("{tag}@example.com")),
        email_verified: true,
        name: "홍길동".into(),
        locale: Some("ko".into()),
        password_hash: Some("$argon2id$stored".into()),
        operator: false,
        claims: None,
    }
}

pub(super) fn settings() -> AppSettings {
    AppSettings {
        name: "나의 서비스".into(),
        icon: None,
        homepage: Some("https://app.example.com".into()),
        public: false,
        grant_types: "authorization_code refresh_token".into(),
        token_endpoint_auth_method: None,
        id_token_alg: "RS256".into(),
        subject_type: "pairwise".into(),
        pkce_required: true,
        rotate_refresh: true,
        held_members: String::new(),
    }
}

pub(super) fn lists() -> AppLists {
    let scope = |scope: &str, required| AppScope {
        scope: scope.into(),
        required,
        purpose_ko: "로그인".into(),
        purpose_en: "Sign in".into(),
    };
    AppLists {
        redirect_uris: vec!["https://app.example.com/z".into(), "https://app.example.com/a".into()],
        origins: vec!["https://app.example.com".into()],
        scopes: vec![scope("openid", true), scope("profile", false)],
        metadata: BTreeMap::new(),
    }
}

pub(super) fn new_app(tag: &str) -> NewApp {
    NewApp {
        id: format!("app_{tag}"),
        owner_id: None,
        settings: settings(),
        lists: lists(),
        secret: Some(NewSecret { id: format!("sec_{tag}_0"), hash: "hash-of-secret-0".into(), sealed: None }),
    }
}

pub(super) fn new_session(id: &str, user_id: &str) -> NewSession {
    NewSession {
        id: id.into(),
        secret_hash: format!("hash-of-{id}").as_str().into(),
        user_id: user_id.into(),
        user_epoch: 0,
        proof: Proof {
            auth_time: NOW,
            amr: "pwd".into(),
            acr: Some("1".into()),
            proved_at: Some(NOW),
            identity_id: None,
            passed_at: None,
        },
        user_agent: "Mozilla/5.0".into(),
        expires_at: later(Seconds::days(30)),
        idle_expires_at: later(Seconds::days(7)),
    }
}
