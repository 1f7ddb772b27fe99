//! `access_token` in the address — RFC 6750 §2.3, RFC 9700 §4.3.2.

use http::{Uri, request::Parts, uri::PathAndQuery};
use mapae_protocol::{bearer, params::Params, percent};

const NAME: &str = "access_token";

/// The fields of the query whose name is `access_token`, however it is encoded. The other fields are the
/// application's own and may have any form.
pub(crate) fn parse(query: &str) -> Result<Params, bearer::Error> {
    let tokens = query.split('&').filter(|field| is_token(field)).map(|field| {
        let value = field.split_once('=').map_or("", |(_, value)| value);
        let value = percent::decode_form(value.as_bytes()).map_err(|_| bearer::Error::Malformed)?;
        Ok((NAME, value))
    });
    tokens.collect()
}

/// Takes the token out of every address that handlers are shown.
pub(crate) fn take_out(parts: &mut Parts) {
    clean(&mut parts.uri);
    // A router keeps it as it was asked for, for those that it nests.
    #[cfg(feature = "axum")]
    if let Some(original) = parts.extensions.get_mut::<axum::extract::OriginalUri>() {
        clean(&mut original.0);
    }
}

fn clean(address: &mut Uri) {
    if let Some(without) = without_token(address) {
        *address = without;
    }
}

/// The address without the token, so that it does not get into logs and links (RFC 6750 §5.3).
pub(crate) fn without_token(uri: &Uri) -> Option<Uri> {
    let fields = uri.query()?.split('&').filter(|field| !is_token(field));
    let query = fields.collect::<Vec<_>>().join("&");
    let path = uri.path();
    let address = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_maybe_shared(address).ok()?);
    Uri::from_parts(parts).ok()
}

fn is_token(field: &str) -> bool {
    let name = field.split('=').next().unwrap_or_default();
    percent::decode_form(name.as_bytes()).is_ok_and(|name| name == NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(query: &str) -> Option<String> {
        parse(query).unwrap().one(NAME).unwrap().map(str::to_owned)
    }

    #[test]
    fn only_the_token_is_looked_at() {
        assert_eq!(token("a=100%&access_token=t%2Fk&b=%zz"), Some("t/k".into()));
        assert_eq!(token("a=1&%61ccess%5Ftoken=t"), Some("t".into()));
        for other in
            ["", "a=1", "Access_token=t", "access_token[]=t", "access_token", "xaccess_token=t", "&&="]
        {
            assert_eq!(token(other), None, "{other}");
        }
        assert_eq!(parse("access_token=%zz").unwrap_err(), bearer::Error::Malformed);
        assert!(parse("access_token=a&access_token=b").unwrap().one(NAME).is_err());
    }

    /// RFC 6750 §5.3.
    #[test]
    fn the_token_is_taken_out_of_the_address() {
        for (with, without) in [
            ("/events?access_token=t", "/events"),
            ("/events?a=1&access_token=t&b=%zz", "/events?a=1&b=%zz"),
            ("/events?%61ccess_token=t&a", "/events?a"),
            ("http://localhost:4000/e?access_token=t", "http://localhost:4000/e"),
        ] {
            assert_eq!(without_token(&Uri::from_static(with)).unwrap(), Uri::from_static(without));
        }
        assert!(without_token(&Uri::from_static("/events")).is_none());
    }
}
