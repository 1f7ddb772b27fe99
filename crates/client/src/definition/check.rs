//! What a definition must have before it is used.

use serde_json::Value;

use super::{
    DefinitionError,
    schema::{
        Authentication, ErrorRule, IdentityMap, NoticeProof, NoticeRule, OpenId, ResponseMode, RuleClass,
        Schema, SecretSource, UnlinkWay, UserInfoUse,
    },
};
use crate::{intent::Intent, setting::Setting};

pub(super) fn check(schema: &Schema) -> Result<(), DefinitionError> {
    let wrong = |at, problem| Err(DefinitionError::Wrong { at, problem });
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if schema.id.is_empty() || !schema.id.bytes().all(plain) {
        return wrong("id", "it is not a word of lower-case letters, digits and hyphens");
    }
    let endpoints = &schema.endpoints;
    if !endpoints.discovery && (endpoints.authorization.is_none() || endpoints.token.is_none()) {
        return wrong("endpoints", "without discovery it needs authorization and token");
    }
    if schema.openid != OpenId::Never && !endpoints.discovery && endpoints.keys.is_none() {
        return wrong("endpoints.keys", "ID tokens cannot be checked without the provider's keys");
    }
    let asks = schema.user_info.ask == UserInfoUse::Always;
    if schema.openid != OpenId::Always && (!asks || endpoints.user_info.is_none()) {
        return wrong("endpoints.user_info", "without ID tokens nobody else says who somebody is");
    }
    authorization(schema)?;
    if schema.unlink.way != UnlinkWay::Revocation && endpoints.unlink.is_none() {
        return wrong("endpoints.unlink", "it is needed for this way of unlinking");
    }
    if !pointers(&schema.identity).all(|pointer| pointer.starts_with('/')) {
        return wrong("identity", "a JSON pointer begins with a slash");
    }
    if schema.identity.subject.is_empty() {
        return wrong("identity.subject", "there is none");
    }
    if unsigned_identity(&schema.identity) {
        return wrong("identity", "what the browser brought is for display, and proves nothing");
    }
    if schema.token.secret == SecretSource::Signed
        && schema.token.authentication != Some(Authentication::Post)
    {
        return wrong("token.secret", "a secret that is signed here is sent in the form");
    }
    errors(&schema.errors)?;
    notices(&schema.notices)?;
    if !of_terms(schema).all(|pointer| pointer.starts_with('/')) {
        return wrong("terms", "a JSON pointer begins with a slash");
    }
    if !schema.console.keys().all(|name| Setting::named(name).is_some()) {
        return wrong("console", "there is no setting of this name");
    }
    Ok(())
}

/// What the login of a provider stands on.
fn authorization(schema: &Schema) -> Result<(), DefinitionError> {
    let wrong = |at, problem| Err(DefinitionError::Wrong { at, problem });
    // RFC 9700 §2.1.1: something must tie the code to this login.
    if !schema.authorization.pkce && schema.openid == OpenId::Never && !schema.token.secret_required {
        return wrong(
            "authorization.pkce",
            "a provider without PKCE and ID tokens needs a client with a secret",
        );
    }
    let hosted = &schema.authorization.hosted_domain;
    if hosted.as_ref().is_some_and(|hosted| !hosted.claim.starts_with("/id_token/")) {
        return wrong(
            "authorization.hosted_domain",
            "only what the provider signs says whose people they are",
        );
    }
    if !schema.authorization.refused.is_empty()
        && schema.authorization.response_mode == ResponseMode::FormPost
    {
        return wrong(
            "authorization.refused",
            "of an answer that is posted only the standard's parameters are read",
        );
    }
    let authorization = &schema.authorization;
    if authorization.auth_time && !authorization.intents.contains_key(&Intent::Reauthenticate) {
        return wrong(
            "authorization.auth_time",
            "a sign-in that nobody can ask for is never fresh: say how, in intents.reauthenticate",
        );
    }
    Ok(())
}

fn errors(rules: &[ErrorRule]) -> Result<(), DefinitionError> {
    let wrong = |at, problem| Err(DefinitionError::Wrong { at, problem });
    if !rules.iter().all(names_its_setting) {
        return wrong("errors.setting", "a configuration error, and no other, names a setting that there is");
    }
    if rules.iter().any(|rule| rule.is.is_empty() && rule.within.is_none()) {
        return wrong("errors.is", "a rule without a value fits nothing");
    }
    if rules.iter().filter_map(|rule| rule.within).any(|[first, last]| first > last) {
        return wrong("errors.within", "the first number is not greater than the last");
    }
    Ok(())
}

fn notices(rules: &[NoticeRule]) -> Result<(), DefinitionError> {
    let wrong = |at, problem| Err(DefinitionError::Wrong { at, problem });
    if !rules.iter().all(|rule| rule.proof.names_events() != rule.kind.is_some()) {
        return wrong("notices.kind", "a notice has one meaning, and a signed token one for each event");
    }
    let shared = |rule: &&NoticeRule| rule.proof == NoticeProof::SharedHeader;
    if rules.iter().filter(shared).any(|rule| rule.credential.is_empty() || rule.subject.is_empty()) {
        return wrong("notices.credential", "a shared header needs a credential and a subject");
    }
    Ok(())
}

fn of_terms(schema: &Schema) -> impl Iterator<Item = &String> {
    schema
        .terms
        .iter()
        .flat_map(|terms| [&terms.list, &terms.tag, &terms.required, &terms.agreed, &terms.agreed_at])
}

fn names_its_setting(rule: &ErrorRule) -> bool {
    let setting = rule.setting.as_deref().map(Setting::named);
    let values =
        rule.is.iter().all(|value| matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)));
    values
        && match rule.class {
            RuleClass::Configuration => matches!(setting, Some(Some(_))),
            _ => setting.is_none(),
        }
}

/// Names may come from the browser; who somebody is, an address and consent may not.
fn unsigned_identity(map: &IdentityMap) -> bool {
    let unsigned = |pointer: &String| pointer.starts_with("/callback");
    map.subject.iter().chain(of_emails(map)).chain(of_items(map)).any(unsigned)
}

fn pointers(map: &IdentityMap) -> impl Iterator<Item = &String> {
    let fields = map.claims.values().flat_map(|field| field.from.iter().chain(&field.unless));
    let dates = map.birth_date.iter().flat_map(|date| [&date.year, &date.day]);
    let calendars = map.birth_date.iter().filter_map(|date| Some(&date.day_when.as_ref()?.at));
    map.subject.iter().chain(fields).chain(dates).chain(calendars).chain(of_emails(map)).chain(of_items(map))
}

fn of_emails(map: &IdentityMap) -> impl Iterator<Item = &String> {
    map.emails.iter().flat_map(|email| {
        let proofs = email.verified.iter().chain(&email.own_when).chain(&email.relay);
        email.address.iter().chain(&email.list).chain(proofs)
    })
}

fn of_items(map: &IdentityMap) -> impl Iterator<Item = &String> {
    let listed = map.items.iter().flat_map(|items| [&items.list, &items.name, &items.status]);
    map.refused.values().chain(map.granted.values()).chain(listed)
}
