//! What can be wrong with an authorization request — RFC 6749 §4.1.2.1, OIDC Core §3.1.2.6, RFC 8707 §2.

use crate::error::rule_errors;

rule_errors! {
    /// The rule that a request broke whose sender is known and whose redirect URI is trusted.
    pub enum Error {
        /// A parameter that may be sent once was repeated (RFC 6749 §3.1).
        Repeated => InvalidRequest, "a parameter is repeated";
        /// `request` (OIDC Core §6.1).
        RequestObject => RequestNotSupported, "request objects are not supported";
        /// `request_uri` (OIDC Core §6.2).
        RequestUri => RequestUriNotSupported, "request_uri is not supported";
        /// `registration` (OIDC Core §7.2.1).
        Registration => RegistrationNotSupported, "registration is not supported";
        /// No `response_type` (RFC 6749 §3.1.1).
        ResponseTypeMissing => InvalidRequest, "response_type is missing";
        /// Any `response_type` but `code` (RFC 6749 §3.1.1, RFC 9700 §2.1.2).
        ResponseTypeUnsupported => UnsupportedResponseType, "response_type must be code";
        /// A `response_mode` that does not exist here (OAuth 2.0 Multiple Response Types §2.1, OIDC Core §3.1.2.6).
        ResponseModeUnsupported => InvalidRequest, "response_mode is not supported";
        /// `scope` outside its grammar or caps (RFC 6749 §3.3).
        ScopeMalformed => InvalidScope, "scope is malformed";
        /// `state` beyond its cap.
        StateTooLong => InvalidRequest, "state is too long";
        /// `nonce` beyond its cap.
        NonceTooLong => InvalidRequest, "nonce is too long";
        /// `code_challenge` that is no SHA-256 in base64url (RFC 7636 §4.2).
        CodeChallengeMalformed => InvalidRequest, "code_challenge must be 43 base64url characters";
        /// `code_challenge_method` without `code_challenge` (RFC 7636 §4.3).
        CodeChallengeMissing => InvalidRequest, "code_challenge is missing";
        /// `code_challenge` without method, which would mean `plain` (RFC 7636 §4.3).
        CodeChallengeMethodMissing => InvalidRequest, "code_challenge_method is missing; S256 is required";
        /// A method that is not `S256` (RFC 7636 §4.3).
        CodeChallengeMethodUnsupported => InvalidRequest, "code_challenge_method must be S256";
        /// A `prompt` that does not exist (OIDC Core §3.1.2.1, OIDC Prompt Create §4.1).
        PromptUnknown => InvalidRequest, "prompt is unknown";
        /// `prompt=none` beside another value (OIDC Core §3.1.2.1).
        PromptNoneWithOthers => InvalidRequest, "prompt none must stand alone";
        /// `max_age` that is not a whole number of seconds of at most nine digits (OIDC Core §3.1.2.1).
        MaxAgeMalformed => InvalidRequest, "max_age must be a number of seconds";
        /// `login_hint` beyond its cap.
        LoginHintTooLong => InvalidRequest, "login_hint is too long";
        /// `acr_values` beyond its caps.
        AcrValuesTooLong => InvalidRequest, "acr_values is too long";
        /// `claims` that is not the JSON object that it must be, or beyond its caps (OIDC Core §5.5).
        ClaimsMalformed => InvalidRequest, "claims must be a JSON object of requested claims";
        /// `id_token_hint` beyond its cap.
        IdTokenHintTooLong => InvalidRequest, "id_token_hint is too long";
        /// `dpop_jkt` that is no SHA-256 in base64url (RFC 9449 §10).
        DpopJktMalformed => InvalidRequest, "dpop_jkt must be the SHA-256 thumbprint of a key";
        ..resource::NotSole
    }
}
