//! The specifications that the code cites: their titles, where to read them, and the order in which they are listed.

/// A specification that has no number to be sorted or found by, or whose title is worth telling.
struct Known {
    name: &'static str,
    title: &'static str,
    /// Empty for an RFC: its number says where.
    address: &'static str,
}

const fn rfc(name: &'static str, title: &'static str) -> Known {
    Known { name, title, address: "" }
}

const fn other(name: &'static str, title: &'static str, address: &'static str) -> Known {
    Known { name, title, address }
}

/// Titles; an RFC that is not here is listed without one.
const KNOWN: &[Known] = &[
    rfc("RFC 3986", "URI: Generic Syntax"),
    rfc("RFC 4648", "Base16, Base32 and Base64 Encodings"),
    rfc("RFC 6265", "HTTP State Management Mechanism"),
    rfc("RFC 6749", "The OAuth 2.0 Authorization Framework"),
    rfc("RFC 6750", "Bearer Token Usage"),
    rfc("RFC 6819", "OAuth 2.0 Threat Model and Security Considerations"),
    rfc("RFC 7009", "OAuth 2.0 Token Revocation"),
    rfc("RFC 7515", "JSON Web Signature"),
    rfc("RFC 7516", "JSON Web Encryption"),
    rfc("RFC 7517", "JSON Web Key"),
    rfc("RFC 7518", "JSON Web Algorithms"),
    rfc("RFC 7519", "JSON Web Token"),
    rfc("RFC 7523", "JWT Profile for Client Authentication and Authorization Grants"),
    rfc("RFC 7591", "OAuth 2.0 Dynamic Client Registration"),
    rfc("RFC 7592", "OAuth 2.0 Dynamic Client Registration Management"),
    rfc("RFC 7617", "The 'Basic' HTTP Authentication Scheme"),
    rfc("RFC 7636", "Proof Key for Code Exchange"),
    rfc("RFC 7638", "JSON Web Key Thumbprint"),
    rfc("RFC 7662", "OAuth 2.0 Token Introspection"),
    rfc("RFC 7797", "JWS Unencoded Payload Option"),
    rfc("RFC 8037", "CFRG ECDH and Signatures in JOSE"),
    rfc("RFC 8176", "Authentication Method Reference Values"),
    rfc("RFC 8252", "OAuth 2.0 for Native Apps"),
    rfc("RFC 8259", "The JSON Data Interchange Format"),
    rfc("RFC 8414", "OAuth 2.0 Authorization Server Metadata"),
    rfc("RFC 8452", "AES-GCM-SIV"),
    rfc("RFC 8628", "OAuth 2.0 Device Authorization Grant"),
    rfc("RFC 8693", "OAuth 2.0 Token Exchange"),
    rfc("RFC 8705", "OAuth 2.0 Mutual-TLS Client Authentication"),
    rfc("RFC 8707", "Resource Indicators for OAuth 2.0"),
    rfc("RFC 8725", "JSON Web Token Best Current Practices"),
    rfc("RFC 9068", "JWT Profile for OAuth 2.0 Access Tokens"),
    rfc("RFC 9101", "JWT-Secured Authorization Request"),
    rfc("RFC 9110", "HTTP Semantics"),
    rfc("RFC 9111", "HTTP Caching"),
    rfc("RFC 9126", "OAuth 2.0 Pushed Authorization Requests"),
    rfc("RFC 9207", "OAuth 2.0 Authorization Server Issuer Identification"),
    rfc("RFC 9396", "OAuth 2.0 Rich Authorization Requests"),
    rfc("RFC 9449", "OAuth 2.0 Demonstrating Proof of Possession"),
    rfc("RFC 9457", "Problem Details for HTTP APIs"),
    rfc("RFC 9470", "OAuth 2.0 Step Up Authentication Challenge"),
    rfc("RFC 9700", "Best Current Practice for OAuth 2.0 Security"),
    rfc("RFC 9701", "JWT Response for OAuth Token Introspection"),
    rfc("RFC 9728", "OAuth 2.0 Protected Resource Metadata"),
    other("OIDC Core", "OpenID Connect Core 1.0", "https://openid.net/specs/openid-connect-core-1_0.html"),
    other(
        "OIDC Discovery",
        "OpenID Connect Discovery 1.0",
        "https://openid.net/specs/openid-connect-discovery-1_0.html",
    ),
    other(
        "OIDC Registration",
        "OpenID Connect Dynamic Client Registration 1.0",
        "https://openid.net/specs/openid-connect-registration-1_0.html",
    ),
    other(
        "OAuth 2.0 Multiple Response Types",
        "OAuth 2.0 Multiple Response Type Encoding Practices",
        "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html",
    ),
    other(
        "OAuth 2.0 Form Post Response Mode",
        "OAuth 2.0 Form Post Response Mode",
        "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html",
    ),
    other(
        "OIDC Prompt Create",
        "Initiating User Registration via OpenID Connect 1.0",
        "https://openid.net/specs/openid-connect-prompt-create-1_0.html",
    ),
    other(
        "OIDC RP-Initiated Logout",
        "OpenID Connect RP-Initiated Logout 1.0",
        "https://openid.net/specs/openid-connect-rpinitiated-1_0.html",
    ),
    other(
        "OIDC Front-Channel Logout",
        "OpenID Connect Front-Channel Logout 1.0",
        "https://openid.net/specs/openid-connect-frontchannel-1_0.html",
    ),
    other(
        "OIDC Back-Channel Logout",
        "OpenID Connect Back-Channel Logout 1.0",
        "https://openid.net/specs/openid-connect-backchannel-1_0.html",
    ),
    other(
        "OIDC Session Management",
        "OpenID Connect Session Management 1.0",
        "https://openid.net/specs/openid-connect-session-1_0.html",
    ),
    other(
        "OIDC Unmet Authentication Requirements",
        "OpenID Connect Core Error Code unmet_authentication_requirements",
        "https://openid.net/specs/openid-connect-unmet-authentication-requirements-1_0.html",
    ),
    other(
        "JARM",
        "JWT Secured Authorization Response Mode for OAuth 2.0",
        "https://openid.net/specs/oauth-v2-jarm.html",
    ),
    // Before the one that its name begins with.
    other(
        "FAPI 2.0 Message Signing",
        "FAPI 2.0 Message Signing",
        "https://openid.net/specs/fapi-message-signing-2_0-final.html",
    ),
    other(
        "FAPI 2.0",
        "FAPI 2.0 Security Profile",
        "https://openid.net/specs/fapi-security-profile-2_0-final.html",
    ),
    other("CSP3", "Content Security Policy Level 3", "https://www.w3.org/TR/CSP3/"),
    other(
        "NIST SP 800-63B-4",
        "Digital Identity Guidelines: Authentication and Authenticator Management",
        "https://pages.nist.gov/800-63-4/sp800-63b.html",
    ),
];

/// The names of those that have no number, as they are cited.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().filter(|known| !known.address.is_empty()).map(|known| known.name)
}

/// Name with title, as a link.
pub(super) fn heading(name: &str) -> String {
    let known = KNOWN.iter().find(|known| known.name == name);
    let address = match name.strip_prefix("RFC ") {
        Some(number) => format!("https://www.rfc-editor.org/rfc/rfc{number}.html"),
        None if name.starts_with("draft-") => format!("https://datatracker.ietf.org/doc/html/{name}"),
        None => known.map(|known| known.address.to_owned()).unwrap_or_default(),
    };
    match known {
        Some(known) => format!("[{name}]({address}): {}", known.title),
        None => format!("[{name}]({address})"),
    }
}

/// What specifications are sorted by: RFCs by number, then the others in the order above, then drafts by name.
pub(super) fn order(name: &str) -> (u8, usize, String) {
    match name.strip_prefix("RFC ").and_then(|number| number.parse().ok()) {
        Some(number) => (0, number, String::new()),
        None => match KNOWN.iter().position(|known| known.name == name) {
            Some(place) => (1, place, String::new()),
            None => (2, 0, name.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifications_are_listed_in_a_fixed_order() {
        let mut names = ["draft-a-b", "OIDC Discovery", "RFC 10000", "OIDC Core", "RFC 6749"];
        names.sort_by_key(|name| order(name));
        assert_eq!(names, ["RFC 6749", "RFC 10000", "OIDC Core", "OIDC Discovery", "draft-a-b"]);
    }

    #[test]
    fn each_is_known_once() {
        for (at, known) in KNOWN.iter().enumerate() {
            assert_eq!(KNOWN.iter().position(|other| other.name == known.name), Some(at), "{}", known.name);
        }
    }
}
