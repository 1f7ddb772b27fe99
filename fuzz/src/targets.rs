//! Every target, in the order of the page in `fuzz/README.md`.

use crate::{Target, answers, claims, client, forms, headers, jose, requests, sealed, server, uris};

const fn target(name: &'static str, run: fn(&[u8]), reaches: &'static [&'static str]) -> Target {
    Target { name, reaches, run }
}

/// Every parser of bytes that strangers send has one.
pub const TARGETS: &[Target] = &[
    target(
        "access_token",
        claims::access_token,
        &["crates/protocol/src/access_token.rs", "crates/protocol/src/audience.rs"],
    ),
    target(
        "authorization_request",
        requests::authorization_request,
        &[
            "crates/protocol/src/authorization/target.rs",
            "crates/protocol/src/authorization/request.rs",
            "crates/protocol/src/pushed_request.rs",
        ],
    ),
    target("base64url", sealed::base64, &["crates/protocol/src/base64url.rs"]),
    target("basic_header", headers::basic_header, &["crates/protocol/src/client_credentials_header.rs"]),
    target(
        "bearer_header",
        headers::bearer_header,
        &["crates/protocol/src/bearer.rs", "crates/protocol/src/dpop/proof.rs"],
    ),
    target(
        "callback",
        client::callback,
        &[
            "crates/client/src/callback_response.rs",
            "crates/client/src/posted.rs",
            "crates/protocol/src/authorization/response.rs",
        ],
    ),
    target("claims_request", requests::claims_request, &["crates/protocol/src/claims_request.rs"]),
    target("client_address", server::client_address, &["crates/server/src/http/client_address.rs"]),
    target(
        "client_assertion",
        claims::client_assertion,
        &["crates/protocol/src/client_assertion.rs", "crates/protocol/src/client_jwt.rs"],
    ),
    target(
        "client_authentication",
        forms::client_authentication,
        &["crates/protocol/src/client_authentication.rs"],
    ),
    target(
        "client_metadata",
        server::client_metadata,
        &[
            "crates/server/src/registration/request.rs",
            "crates/server/src/registration/mod.rs",
            "crates/server/src/registration/members/mod.rs",
            "crates/server/src/registration/members/request_objects.rs",
            "crates/server/src/registration/homepage.rs",
            "crates/server/src/registration/items.rs",
            "crates/server/src/registration/name.rs",
            "crates/server/src/accounts/name.rs",
            "crates/server/src/registration/origins.rs",
            "crates/server/src/registration/redirect_uris.rs",
            "crates/protocol/src/client_metadata.rs",
            "crates/server/src/client_document.rs",
        ],
    ),
    target(
        "config",
        server::config,
        &[
            "crates/server/src/config/file.rs",
            "crates/server/src/config/source.rs",
            "crates/server/src/config/database.rs",
            "crates/server/src/config/issuer.rs",
            "crates/server/src/config/keys.rs",
            "crates/server/src/config/server.rs",
        ],
    ),
    target("cookies", headers::cookies, &["crates/protocol/src/cookie.rs"]),
    target(
        "definition",
        client::definition,
        &["crates/client/src/definition/mod.rs", "crates/client/src/definition/likeness.rs"],
    ),
    target(
        "dpop_proof",
        claims::dpop_proof,
        &["crates/protocol/src/dpop/proof.rs", "crates/protocol/src/dpop/address.rs"],
    ),
    target("heads", server::heads, &["crates/server/src/http/head_lines.rs"]),
    target("host", server::host, &["crates/server/src/http/host.rs"]),
    target("id_token", claims::id_token, &["crates/protocol/src/id_token.rs"]),
    target(
        "identifiers",
        uris::identifiers,
        &[
            "crates/protocol/src/client_id.rs",
            "crates/protocol/src/dpop/address.rs",
            "crates/protocol/src/endpoint_uri.rs",
            "crates/protocol/src/issuer.rs",
            "crates/protocol/src/origin.rs",
            "crates/protocol/src/resource.rs",
        ],
    ),
    target(
        "introspection_answer",
        answers::introspection_answer,
        &["crates/protocol/src/introspection.rs", "crates/resource/src/introspection.rs"],
    ),
    target("jwk", jose::jwk, &["crates/protocol/src/jose/jwk.rs", "crates/protocol/src/jose/algorithm.rs"]),
    target("jwk_set", jose::jwk_set, &["crates/protocol/src/jose/jwk_set.rs"]),
    target(
        "jws",
        jose::jws,
        &[
            "crates/protocol/src/jose/compact.rs",
            "crates/protocol/src/jose/header.rs",
            "crates/protocol/src/jose/shared_key.rs",
            "crates/protocol/src/jose/verifying_key.rs",
        ],
    ),
    target(
        "kept_logins",
        client::kept,
        &[
            "crates/client/src/pending.rs",
            "crates/client/src/tokens.rs",
            "crates/client/src/sign_up.rs",
            "crates/client/src/calendar.rs",
        ],
    ),
    target("logout_token", claims::logout_token, &["crates/protocol/src/logout_token.rs"]),
    target(
        "metadata",
        answers::metadata,
        &["crates/protocol/src/server_metadata.rs", "crates/protocol/src/resource_metadata.rs"],
    ),
    target("multipart", server::multipart, &["crates/server/src/http/multipart.rs"]),
    target(
        "notices",
        client::notices,
        &[
            "crates/client/src/notice/proofs/mod.rs",
            "crates/client/src/notice/proofs/naver.rs",
            "crates/client/src/notice/proofs/shared_header.rs",
            "crates/client/src/notice/proofs/signed_request.rs",
        ],
    ),
    target("parameters", forms::parameters, &["crates/protocol/src/params.rs"]),
    target(
        "people",
        server::people,
        &["crates/protocol/src/email_address.rs", "crates/server/src/accounts/known_claims.rs"],
    ),
    target("percent", forms::percent_encoding, &["crates/protocol/src/percent.rs"]),
    target(
        "picture",
        server::picture,
        &["crates/server/src/console/picture.rs", "crates/server/src/console/picture/bare.rs"],
    ),
    target(
        "profile",
        client::profile,
        &["crates/client/src/definition/mapping.rs", "crates/client/src/definition/errors.rs"],
    ),
    target(
        "proof_key",
        requests::proof_key,
        &[
            "crates/protocol/src/pkce.rs",
            "crates/protocol/src/dpop/thumbprint.rs",
            "crates/protocol/src/revocation_feed.rs",
        ],
    ),
    target(
        "provider_token_answer",
        client::provider_token_answer,
        &["crates/client/src/provider/token_answer.rs", "crates/client/src/provider/metadata.rs"],
    ),
    target("query_token", client::query_token, &["crates/resource/src/query_token.rs"]),
    target("redirect_uri_matching", uris::redirect_uri_matching, &["crates/protocol/src/redirect_uri.rs"]),
    target(
        "redirect_uri_registration",
        uris::redirect_uri_registration,
        &["crates/protocol/src/redirect_uri.rs"],
    ),
    target(
        "request_object",
        claims::request_object,
        &["crates/protocol/src/authorization/request_object.rs"],
    ),
    target("return_to", client::return_to, &["crates/client/src/return_to.rs"]),
    target(
        "scope",
        requests::scope,
        &[
            "crates/protocol/src/scope.rs",
            "crates/protocol/src/authorization/prompt.rs",
            "crates/protocol/src/response_mode/mod.rs",
        ],
    ),
    target("seal", sealed::seal, &["crates/protocol/src/seal.rs"]),
    target(
        "sealed_tokens",
        sealed::sealed_tokens,
        &[
            "crates/server/src/issue/code.rs",
            "crates/server/src/issue/refresh_token.rs",
            "crates/server/src/issue/access_token.rs",
            "crates/server/src/interaction/step.rs",
        ],
    ),
    target("sector_document", server::sector_document, &["crates/server/src/registration/sector.rs"]),
    target(
        "short_codes",
        forms::short_codes,
        &["crates/protocol/src/device.rs", "crates/protocol/src/pushed_request.rs"],
    ),
    target(
        "sign_up_form",
        client::sign_up_form,
        &["crates/client/src/sign_up.rs", "crates/client/src/terms.rs"],
    ),
    target(
        "signed_answer",
        claims::signed_answer,
        &["crates/protocol/src/authorization/signed_response/reading.rs"],
    ),
    target(
        "signed_token",
        jose::signed_token,
        &["crates/protocol/src/jose/compact.rs", "crates/protocol/src/jose/header.rs"],
    ),
    target("strict_json", jose::strict, &["crates/protocol/src/strict_json.rs"]),
    target(
        "token_answer",
        answers::token_answer,
        &["crates/protocol/src/token.rs", "crates/protocol/src/error.rs"],
    ),
    target(
        "token_requests",
        forms::token_requests,
        &[
            "crates/protocol/src/token.rs",
            "crates/protocol/src/token_exchange.rs",
            "crates/protocol/src/token_parameter.rs",
            "crates/protocol/src/device.rs",
            "crates/protocol/src/logout.rs",
            "crates/protocol/src/revocation_feed.rs",
        ],
    ),
    target(
        "told_in_tokens",
        client::told_in_tokens,
        &["crates/client/src/notice/proofs/apple.rs", "crates/client/src/notice/proofs/security_event.rs"],
    ),
    target("uri", uris::uri, &["crates/protocol/src/uri.rs"]),
    target(
        "user_info",
        answers::user_info,
        &["crates/protocol/src/claims.rs", "crates/protocol/src/revocation_feed.rs"],
    ),
    target(
        "wishes",
        headers::wishes,
        &[
            "crates/protocol/src/language_tag.rs",
            "crates/protocol/src/locale.rs",
            "crates/protocol/src/same_origin.rs",
        ],
    ),
];

#[cfg(test)]
mod tests;
