//! Ways in for the crate `mapae-fuzz`, to parsers that are nobody else's business. Nothing here is promised.

use mapae_protocol::{issuer::Issuer, time::Timestamp};
use serde_json::{Map, Value};

use crate::{
    calendar,
    definition::{Definition, Document, Place},
    notice::{NoticeError, ProviderEvent},
    provider::{self, Metadata, Provider},
    sign_up::{Answers, Field, Fields, Problem, SignUpError, Waiting},
    terms::{self, Agreed, Term},
};

/// Who somebody is by a provider's answer, its claims, and the addresses.
#[must_use]
pub fn profile(definition: &Definition, said: Value) -> Option<(String, Map<String, Value>, Vec<String>)> {
    let document = Document::default().with("user_info", said.clone()).with("id_token", said.clone());
    let mapped = definition.identify(&document.with("terms", said))?;
    Some((mapped.subject, mapped.claims, mapped.emails.into_iter().map(|email| email.address).collect()))
}

/// At how many places the definition knows what an error means.
#[must_use]
pub fn known_errors(definition: &Definition, said: &Value) -> usize {
    let places = [Place::Authorization, Place::Token, Place::Refresh, Place::UserInfo, Place::Unlink];
    places.into_iter().filter(|place| definition.class_of(*place, said).is_some()).count()
}

/// An answer of a token endpoint as the standard has it, and whether it is an error all the same.
#[must_use]
pub fn token_answer(definition: &Definition, body: &[u8]) -> (Vec<u8>, Option<Value>) {
    let schema = definition.schema();
    (provider::mended(body, schema), provider::error_with_success(body, schema))
}

/// Whether a login can begin with this metadata.
#[must_use]
pub fn metadata(body: &[u8], issuer: &Issuer) -> bool {
    Metadata::parse(body, issuer).is_ok()
}

/// The seconds since 1970 of a moment.
#[must_use]
pub fn moment(text: &str) -> Option<i64> {
    calendar::rfc3339(text).map(Timestamp::unix)
}

/// What a provider tells in a token whose signature is good.
///
/// # Errors
/// As [`Provider::prove_notice`].
pub fn told_in_token(
    provider: &Provider,
    name: &str,
    claims: Map<String, Value>,
    now: Timestamp,
) -> Result<Vec<ProviderEvent>, NoticeError> {
    provider.told_in_token(name, claims, now).map(|proved| proved.events)
}

/// What a sign-up form answers to these fields, and what is wrong with it.
///
/// # Errors
/// [`SignUpError::Malformed`].
pub fn sign_up_form(fields: Vec<Field>, form: &[u8]) -> Result<(Answers, Vec<Problem>), SignUpError> {
    Fields::new(fields).unwrap_or_default().read(form)
}

/// Which of these terms a sign-up form agrees to, and what is wrong with it.
///
/// # Errors
/// [`SignUpError::Malformed`].
pub fn agreed_terms(asked: &[Term], form: &[u8]) -> Result<(Vec<Agreed>, Vec<Problem>), SignUpError> {
    terms::read(asked, form)
}

/// What is kept of somebody who has come to the sign-up form, written as it was read.
#[must_use]
pub fn waiting(bytes: &[u8]) -> Option<Vec<u8>> {
    Waiting::from_bytes(bytes).map(|waiting| waiting.to_bytes())
}
