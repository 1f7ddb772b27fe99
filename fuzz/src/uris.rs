//! Addresses: what an app registers, what a request names, and the kinds that there are beside.

use mapae_protocol::{
    client_id::ClientId,
    dpop::Address,
    endpoint_uri::EndpointUri,
    issuer::Issuer,
    origin::Origin,
    redirect_uri::{self, RedirectUri, RegistrationRules},
    resource::ResourceIndicator,
    uri::Uri,
};

use crate::property::{fixed, text, two};

const RULES: [RegistrationRules; 4] = [
    RegistrationRules { loopback_http: false, private_use_schemes: false },
    RegistrationRules { loopback_http: true, private_use_schemes: false },
    RegistrationRules { loopback_http: false, private_use_schemes: true },
    RegistrationRules::WIDEST,
];

/// Registered as it was written, or not at all.
pub(crate) fn redirect_uri_registration(bytes: &[u8]) {
    let Some(asked) = text(bytes) else { return };
    for rules in RULES {
        match RedirectUri::register(asked, rules) {
            Ok(uri) => registered(&uri, asked, rules),
            Err(error) => fixed(&error, asked),
        }
    }
}

fn registered(uri: &RedirectUri, asked: &str, rules: RegistrationRules) {
    assert_eq!(uri.as_str(), asked, "it was changed");
    assert!(asked.is_ascii() && asked.len() <= redirect_uri::MAX_BYTES);
    assert!(!asked.contains(['#', '\\', '*', ' ', '\r', '\n', '\t', '\0']), "{asked}");
    assert_eq!(RedirectUri::parse(asked).as_ref(), Ok(uri));
    assert!(RedirectUri::register(asked, RegistrationRules::WIDEST).is_ok());
    let insecure = asked.starts_with("http:");
    assert!(!insecure || rules.loopback_http, "plain http");
    assert!(asked.starts_with("https:") || insecure || rules.private_use_schemes, "a scheme of its own");
    let code = [("code", "a b&c"), ("state", "=")];
    let there = uri.append_query(code);
    assert!(there.starts_with(asked) && there.len() > asked.len(), "{there}");
}

/// What matches was registered: byte for byte, or for native apps but for the port of a literal loopback address.
pub(crate) fn redirect_uri_matching(bytes: &[u8]) {
    let (first, second) = two(bytes);
    let (Some(known), Some(asked)) = (text(first), text(second)) else { return };
    let Ok(known) = RedirectUri::register(known, RegistrationRules::WIDEST) else { return };
    let exact = redirect_uri::match_registered(asked, [&known], false);
    assert_eq!(exact.is_some(), asked == known.as_str());
    let Some(native) = redirect_uri::match_registered(asked, [&known], true) else {
        assert_ne!(asked, known.as_str());
        return;
    };
    assert_eq!(native.uri().as_str(), asked);
    if asked != known.as_str() {
        let (asked, known) = (Uri::parse(asked), Uri::parse(known.as_str()));
        assert!(asked.is_ok() && known.is_ok(), "a match that is no address");
        let (Ok(asked), Ok(known)) = (asked, known) else { return };
        assert_eq!((asked.scheme, asked.path, asked.query), (known.scheme, known.path, known.query));
        assert_eq!((asked.scheme, asked.fragment), ("http", None));
        let host = |uri: &Uri<'_>| uri.authority.as_ref().map(|authority| authority.host.to_owned());
        assert!(host(&asked) == host(&known), "another host");
        assert!(host(&asked).is_some_and(|host| host == "127.0.0.1" || host == "[::1]"), "not a literal");
    }
}

/// The parts of an address are pieces of it, in their order, and nothing is left over.
pub(crate) fn uri(bytes: &[u8]) {
    let Some(written) = text(bytes) else { return };
    let uri = match Uri::parse(written) {
        Ok(uri) => uri,
        Err(error) => return fixed(&error, written),
    };
    let mut whole = format!("{}:", uri.scheme);
    if let Some(authority) = &uri.authority {
        whole.push_str("//");
        whole.push_str(authority.host);
        if let Some(port) = authority.port {
            whole.push_str(&format!(":{port}"));
        }
    }
    whole.push_str(uri.path);
    for (mark, part) in [('?', uri.query), ('#', uri.fragment)] {
        if let Some(part) = part {
            whole.push(mark);
            whole.push_str(part);
        }
    }
    assert_eq!(whole, written);
    assert!(uri.origin().is_none_or(
        |origin| Origin::parse(&origin.to_ascii_lowercase()).is_ok() || !uri.is_secure_transport()
    ));
}

/// Every kind of identifier keeps the spelling in which it came.
pub(crate) fn identifiers(bytes: &[u8]) {
    let Some(written) = text(bytes) else { return };
    let same = |kept: Option<&str>| assert!(kept.is_none_or(|kept| kept == written), "{kept:?}");
    same(ClientId::parse(written).ok().as_ref().map(ClientId::as_str));
    same(EndpointUri::parse(written).ok().as_ref().map(EndpointUri::as_str));
    same(ResourceIndicator::parse(written).ok().as_ref().map(ResourceIndicator::as_str));
    same(Origin::parse(written).ok().as_ref().map(Origin::as_str));
    let issuer = Issuer::parse(written);
    same(issuer.as_ref().ok().map(Issuer::as_str));
    if let Ok(issuer) = issuer {
        let (of_openid, of_oauth) = (issuer.openid_configuration(), issuer.oauth_metadata());
        assert!(of_openid.as_str().starts_with(issuer.origin()));
        assert!(of_oauth.as_str().starts_with(issuer.origin()));
    }
    // A proof names an address without query; it is normalised, and then stays as it is.
    if let (Some(address), Ok(uri)) = (Address::parse(written), Uri::parse(written)) {
        let again = uri.origin().and_then(|origin| Address::at(&origin, uri.path));
        assert!(again.is_none_or(|again| again == address), "{written}");
    }
}
