//! Token exchange — RFC 8693: the request, and who acts for whom.

use serde::{Deserialize, Serialize};

use crate::{
    error::rule_errors,
    params::{Params, Repeated},
    secret::Secret,
    strict_json::present,
};

/// The value of `grant_type` (RFC 8693 §2.1).
pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// An access token of this server, of whatever format (RFC 8693 §3).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// Most actors in a chain: who acts for whom shall be read by people.
pub const MAX_ACTORS: usize = 4;

rule_errors! {
    /// What can be wrong with the parameters of a token exchange.
    pub enum Error {
        /// A parameter is repeated (RFC 6749 §3.2).
        Repeated => InvalidRequest, "a parameter is repeated";
        /// No `subject_token` or no `subject_token_type` (RFC 8693 §2.1).
        SubjectMissing => InvalidRequest, "subject_token or subject_token_type is missing";
        /// `actor_token` without `actor_token_type`, or the other way round (RFC 8693 §2.1).
        ActorIncomplete => InvalidRequest, "actor_token and actor_token_type belong together";
        /// Something else than an access token is presented (RFC 8693 §2.2.2).
        TypePresented => InvalidRequest, "only access tokens of this server can be exchanged";
        /// Something else than an access token is asked for.
        TypeRequested => InvalidRequest, "only access tokens can be had by an exchange";
        /// More than one `audience`: a token is for one API.
        SeveralAudiences => InvalidTarget, "only one audience can be asked for";
    }
}

impl From<Repeated> for Error {
    fn from(Repeated: Repeated) -> Self {
        Self::Repeated
    }
}

/// What is exchanged, and for whom (RFC 8693 §2.1).
#[derive(Debug, Clone)]
pub struct ExchangeRequest {
    /// `subject_token`: for whom the new token stands.
    pub subject: Secret<String>,
    /// `actor_token`: who acts, if the client proves that by a token, too.
    pub actor: Option<Secret<String>>,
    /// `audience`: by the API's identifier, as `resource` names it.
    pub audience: Option<String>,
}

impl ExchangeRequest {
    /// Reads the parameters of the body.
    ///
    /// # Errors
    /// The first rule that is broken; see [`Error`].
    pub fn parse(params: &Params) -> Result<Self, Error> {
        let subject = params.one("subject_token")?.ok_or(Error::SubjectMissing)?;
        let subject_type = params.one("subject_token_type")?.ok_or(Error::SubjectMissing)?;
        let (actor, actor_type) = (params.one("actor_token")?, params.one("actor_token_type")?);
        if actor.is_some() != actor_type.is_some() {
            return Err(Error::ActorIncomplete);
        }
        if subject_type != ACCESS_TOKEN || actor_type.is_some_and(|kind| kind != ACCESS_TOKEN) {
            return Err(Error::TypePresented);
        }
        if params.one("requested_token_type")?.is_some_and(|kind| kind != ACCESS_TOKEN) {
            return Err(Error::TypeRequested);
        }
        let mut audiences = params.all("audience").filter(|value| !value.is_empty());
        let audience = audiences.next().map(str::to_owned);
        if audiences.next().is_some() {
            return Err(Error::SeveralAudiences);
        }
        let secret = |text: &str| Secret::new(text.to_owned());
        Ok(Self { subject: secret(subject), actor: actor.map(secret), audience })
    }
}

/// Who acts for the subject of a token, and for whom that one acted before (RFC 8693 §4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The app that acts.
    pub sub: String,
    /// Who acted before it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Self>>,
}

impl Actor {
    /// The chain of these, who acts now first; `None` of nobody.
    #[must_use]
    pub fn chain(actors: &[String]) -> Option<Self> {
        let (now, before) = actors.split_first()?;
        Some(Self { sub: now.clone(), act: Self::chain(before).map(Box::new) })
    }

    /// All of the chain, who acts now first.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        let mut actors = vec![self.sub.clone()];
        let mut before = self.act.as_deref();
        while let Some(actor) = before {
            actors.push(actor.sub.clone());
            before = actor.act.as_deref();
        }
        actors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{self, Limits};

    /// RFC 8693 §2.1, §3.
    #[test]
    fn rfc8693_2_1_what_a_request_must_and_may_say() {
        let parse = |fields: &[(&str, &str)]| {
            let text = params::encode(fields.iter().copied());
            ExchangeRequest::parse(&Params::parse(text.as_bytes(), Limits::REQUEST).unwrap()).map(|_| ())
        };
        let subject = [("subject_token", "x"), ("subject_token_type", ACCESS_TOKEN)];
        let with = |more: &[(&'static str, &'static str)]| parse(&[&subject[..], more].concat());
        assert_eq!(with(&[]), Ok(()));
        assert_eq!(with(&[("actor_token", "y"), ("actor_token_type", ACCESS_TOKEN)]), Ok(()));
        assert_eq!(
            with(&[("requested_token_type", ACCESS_TOKEN), ("audience", "https://a.example")]),
            Ok(())
        );
        assert_eq!(parse(&subject[..1]), Err(Error::SubjectMissing));
        assert_eq!(parse(&subject[1..]), Err(Error::SubjectMissing));
        let id_token = "urn:ietf:params:oauth:token-type:id_token";
        assert_eq!(parse(&[subject[0], ("subject_token_type", id_token)]), Err(Error::TypePresented));
        for (more, error) in [
            (vec![("actor_token", "y")], Error::ActorIncomplete),
            (vec![("actor_token_type", ACCESS_TOKEN)], Error::ActorIncomplete),
            (vec![("actor_token", "y"), ("actor_token_type", id_token)], Error::TypePresented),
            (vec![("requested_token_type", id_token)], Error::TypeRequested),
            (vec![("subject_token", "y")], Error::Repeated),
            (vec![("audience", "a"), ("audience", "b")], Error::SeveralAudiences),
        ] {
            assert_eq!(with(&more), Err(error), "{more:?}");
        }
    }

    #[test]
    fn rfc8693_4_1_a_chain_nests_and_is_read_again() {
        let actors = ["app_3", "app_2", "app_1"].map(str::to_owned);
        let chain = Actor::chain(&actors).unwrap();
        let json = serde_json::to_string(&chain).unwrap();
        assert_eq!(json, r#"{"sub":"app_3","act":{"sub":"app_2","act":{"sub":"app_1"}}}"#);
        assert_eq!(serde_json::from_str::<Actor>(&json).unwrap().all(), actors);
        assert_eq!(Actor::chain(&[]), None);
    }
}
