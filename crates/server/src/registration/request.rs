//! What an app says of itself when it registers — RFC 7591 §2, OIDC Registration §2.
//!
//! A list of what may be said, not of what may not: the rest is ignored, as RFC 7591 §2 asks, and the answer tells what was
//! registered (DC-06). What is said becomes a [`Draft`], which is judged by the rules for all apps.

use mapae_protocol::{
    authorization::ResponseType,
    client_metadata::SubjectType,
    endpoint_uri::EndpointUri,
    jose::Algorithm,
    locale::Locale,
    origin::Origin,
    scope::{OFFLINE_ACCESS, OPENID},
    token::grant_type::AUTHORIZATION_CODE,
    uri::Uri,
};
use serde_json::{Map, Value};

use super::{
    AuthenticationProblem, Draft, Grants, KnownScopes, MEMBERS, Members, Mistake, members::fapi_profile,
    sector::sector,
};
use crate::{
    client_auth::{self, CLIENT_SECRET_BASIC, Means, Method, PRIVATE_KEY_JWT},
    store::apps::AppScope,
};

/// What this server can give an app that registers itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer<'a> {
    /// The scopes that it may ask for.
    pub(crate) scopes: &'a KnownScopes,
}

/// What an app asks to be registered as.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) draft: Draft,
    /// The one way in which it authenticates.
    pub(crate) auth_method: &'static str,
    pub(crate) id_token_alg: Algorithm,
    pub(crate) subject_type: SubjectType,
    /// To be fetched.
    pub(crate) sector_identifier_uri: Option<EndpointUri>,
    /// To be fetched.
    pub(crate) logo: Option<EndpointUri>,
}

/// Why an app is not registered. Nothing of what it said is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No issuer of software statements is trusted (DC-08).
    SoftwareStatement,
    /// A member, by its registered name, is of another kind than it must be.
    Kind(&'static str),
    /// No way of authenticating that there is.
    AuthMethod,
    /// A way of authenticating that does not fit what else it registers.
    Authentication(AuthenticationProblem),
    /// No grant type that an app can give itself.
    GrantTypes,
    /// No response type that there is, or one for a grant type that the app does not want.
    ResponseTypes,
    /// No algorithm of ID tokens that there is.
    Algorithm,
    SubjectType,
    /// A rule for all apps; of a member also which.
    Mistake(Mistake, &'static str),
    /// Redirect URIs of several hosts, and nothing that says that they are one's (OIDC Core §8.1).
    SeveralSectors,
    /// It cannot be had, or lacks a redirect URI or, for devices, the address of the app's keys: one answer for all, so that
    /// nobody learns what answers where.
    SectorDocument,
    /// It shares the names of people with others at its host, and asks for a grant type with which it cannot.
    LeavesSector,
    /// A change says that it is of another app, or would choose what only the server gives (RFC 7592 §2.2).
    NotTheClient,
}

impl Request {
    /// Reads what an app says of itself. `null` is the same as nothing.
    pub(crate) fn parse(said: &Map<String, Value>, offer: Offer<'_>) -> Result<Self, Refused> {
        if member(said, "software_statement").is_some() {
            return Err(Refused::SoftwareStatement);
        }
        let method = auth_method(said)?;
        let redirect_uris = texts(said, "redirect_uris")?.unwrap_or_default();
        let grants = grants(said)?;
        let subject_type = subject_type(said, &redirect_uris)?;
        let public = method.means() == Means::Nothing;
        let draft = Draft {
            name: name(said, &redirect_uris)?,
            homepage: text(said, "client_uri")?.unwrap_or_default().to_owned(),
            public,
            grants,
            origins: if public { origins(&redirect_uris) } else { Vec::new() },
            items: items(said, grants, offer)?,
            redirect_uris,
            metadata: members(said),
        };
        Ok(Self {
            draft,
            auth_method: method.name(),
            id_token_alg: algorithm(said)?,
            subject_type,
            sector_identifier_uri: address(said, "sector_identifier_uri"),
            logo: address(said, "logo_uri"),
        })
    }

    /// The first thing that is wrong by the rules for all apps.
    pub(crate) fn refused(&self, mistakes: &[Mistake]) -> Option<Refused> {
        let mistake = *mistakes.first()?;
        let name = match mistake {
            Mistake::Member(wrong) => {
                let name = self.draft.metadata.name(wrong.position);
                MEMBERS.iter().find(|member| member.name() == name).map_or("", |member| member.name())
            }
            _ => "",
        };
        Some(Refused::Mistake(mistake, name))
    }
}

fn member<'a>(said: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    said.get(name).filter(|value| !value.is_null())
}

fn text<'a>(said: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, Refused> {
    member(said, name).map(|value| value.as_str().ok_or(Refused::Kind(name))).transpose()
}

fn texts(said: &Map<String, Value>, name: &'static str) -> Result<Option<Vec<String>>, Refused> {
    let Some(value) = member(said, name) else { return Ok(None) };
    let listed = value.as_array().ok_or(Refused::Kind(name))?;
    let texts: Option<Vec<String>> = listed.iter().map(|item| item.as_str().map(str::to_owned)).collect();
    texts.map(Some).ok_or(Refused::Kind(name))
}

/// An address that is judged with the other members.
fn address(said: &Map<String, Value>, name: &str) -> Option<EndpointUri> {
    member(said, name).and_then(Value::as_str).and_then(|text| EndpointUri::parse(text).ok())
}

fn auth_method(said: &Map<String, Value>) -> Result<&'static dyn Method, Refused> {
    // What an app on a profile does not say follows from that.
    let usual = if on_profile(said) { PRIVATE_KEY_JWT } else { CLIENT_SECRET_BASIC };
    let asked = text(said, "token_endpoint_auth_method")?.unwrap_or(usual);
    client_auth::named(asked).ok_or(Refused::AuthMethod)
}

fn on_profile(said: &Map<String, Value>) -> bool {
    member(said, fapi_profile::NAME).is_some()
}

/// What this server does not have is left out, and so is what only the operator gives.
fn grants(said: &Map<String, Value>) -> Result<Grants, Refused> {
    let asked = texts(said, "grant_types")?.unwrap_or_else(|| vec![AUTHORIZATION_CODE.to_owned()]);
    let grants = Grants::for_people(asked.iter().map(String::as_str));
    if grants == Grants::default() {
        return Err(Refused::GrantTypes);
    }
    let known = |kind: &String| ResponseType::ALL.iter().any(|known| known.as_str() == kind.as_str());
    match texts(said, "response_types")? {
        None => Ok(grants),
        Some(asked) if asked.iter().any(known) == grants.code() => Ok(grants),
        Some(_) => Err(Refused::ResponseTypes),
    }
}

fn algorithm(said: &Map<String, Value>) -> Result<Algorithm, Refused> {
    match text(said, "id_token_signed_response_alg")? {
        None if on_profile(said) => Ok(Algorithm::Es256),
        None => Ok(Algorithm::Rs256),
        Some(name) => Algorithm::parse(name).ok_or(Refused::Algorithm),
    }
}

/// Whoever leaves it open gets names that nobody else has, where that can be: at several hosts, of which nothing says that
/// they are one's, it cannot (OIDC Core §8.1).
fn subject_type(said: &Map<String, Value>, redirect_uris: &[String]) -> Result<SubjectType, Refused> {
    match text(said, "subject_type")? {
        Some(name) => SubjectType::parse(name).ok_or(Refused::SubjectType),
        None if address(said, "sector_identifier_uri").is_some() => Ok(SubjectType::Pairwise),
        None => Ok(sector(redirect_uris, None).map_or(SubjectType::Public, |_| SubjectType::Pairwise)),
    }
}

/// What it is called, in any language; an app without a name is called by where it leads.
fn name(said: &Map<String, Value>, redirect_uris: &[String]) -> Result<String, Refused> {
    if let Some(name) = text(said, "client_name")? {
        return Ok(name.to_owned());
    }
    let tagged = tagged(said).filter(|(base, ..)| *base == "client_name");
    if let Some(name) = tagged.filter_map(|(.., value)| value.as_str()).next() {
        return Ok(name.to_owned());
    }
    let host = redirect_uris.iter().find_map(|uri| {
        let uri = Uri::parse(uri).ok()?;
        Some(uri.authority.filter(|_| uri.is_web()).map_or(uri.scheme, |authority| authority.host).to_owned())
    });
    Ok(host.filter(|host| host.len() <= 64).unwrap_or_else(|| "App".to_owned()))
}

/// Members in one language of the pages (RFC 7591 §2.2): their names without it, the language, and the value. One for
/// exactly this language comes before one for it and a country.
fn tagged(said: &Map<String, Value>) -> impl Iterator<Item = (&str, Locale, &Value)> {
    let read = |exact: bool| {
        said.iter().filter_map(move |(name, value)| {
            let (base, tag) = name.split_once('#')?;
            let locale = Locale::parse(tag)?;
            let is_exact = tag.eq_ignore_ascii_case(locale.as_str());
            (is_exact == exact && !value.is_null()).then_some((base, locale, value))
        })
    };
    read(true).chain(read(false))
}

/// Every member that can be registered and is said.
fn members(said: &Map<String, Value>) -> Members {
    let tagged: Vec<_> = tagged(said).collect();
    let value = |name: &str| match name.split_once('#') {
        None => member(said, name),
        Some((base, tag)) => {
            let of = |(named, locale, _): &&(&str, Locale, &Value)| *named == base && locale.as_str() == tag;
            tagged.iter().find(of).map(|(.., value)| *value)
        }
    };
    MEMBERS.iter().fold(Members::fetched(), |members, known| match value(known.name()) {
        Some(value) => members.with(known.name().to_owned(), Some(value.clone())),
        None => members,
    })
}

/// Of what is asked for, what an app that registers itself may have; all of it when nothing is asked for. People may leave
/// out everything but who they are.
fn items(said: &Map<String, Value>, grants: Grants, offer: Offer<'_>) -> Result<Vec<AppScope>, Refused> {
    let asked = text(said, "scope")?;
    let asked: Option<Vec<&str>> = asked.map(|asked| asked.split_ascii_whitespace().collect());
    let is_asked = |scope: &str| asked.as_ref().is_none_or(|asked| asked.contains(&scope));
    let may_have = |scope: &str| scope != OFFLINE_ACCESS || grants.refresh();
    let item = |scope: &str| AppScope {
        scope: scope.to_owned(),
        required: scope == OPENID,
        purpose_ko: String::new(),
        purpose_en: String::new(),
    };
    let kept = offer.scopes.iter().filter(|scope| is_asked(scope) && may_have(scope));
    Ok(kept.map(item).collect())
}

/// Pages of an app without a secret speak to the token endpoint themselves, and stand where people are sent back to.
fn origins(redirect_uris: &[String]) -> Vec<String> {
    let origin = |uri: &String| {
        let origin = Uri::parse(uri).ok()?.origin()?;
        Origin::parse(&origin).ok().map(|origin| origin.as_str().to_owned())
    };
    redirect_uris.iter().filter_map(origin).collect()
}

/// The response types of an app with these grant types.
pub(crate) fn response_types(grants: Grants) -> Vec<&'static str> {
    if grants.code() { ResponseType::ALL.iter().map(|kind| kind.as_str()).collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests;
