//! Which `Host` is ours — RFC 9110 §7.2, §7.4; RFC 9112 §3.2.
//!
//! No address is ever built from this header; a request for another host is refused all the same, so that
//! no cache, proxy or DNS rebinding can make the server speak under a name that is not its own (SE-21).

use http::{HeaderMap, Uri, header::HOST};

use crate::config::{Site, is_loopback_literal};

/// Why a request is not for this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostError {
    /// RFC 9112 §3.2: exactly one.
    #[error("a request names its host exactly once")]
    NotOne,
    /// RFC 9110 §15.5.20.
    #[error("this server does not answer for that host")]
    Unknown,
}

/// Whether a request is for this server: by its `Host`, and by its target where that names a host too.
pub(crate) fn verify(uri: &Uri, headers: &HeaderMap, site: &Site) -> Result<(), HostError> {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(HostError::NotOne);
    };
    let target_is_ours = uri.authority().is_none_or(|authority| is_ours(authority.as_str(), site));
    let host_is_ours = host.to_str().is_ok_and(|host| is_ours(host, site));
    if target_is_ours && host_is_ours { Ok(()) } else { Err(HostError::Unknown) }
}

fn is_ours(authority: &str, site: &Site) -> bool {
    if authority.eq_ignore_ascii_case(site.authority()) {
        return true;
    }
    let Some((host, port)) = split(authority, site) else { return false };
    port == site.port() && (is_host_of(host, site) || (site.is_loopback() && is_this_machine(host)))
}

/// The port may be left out when it is the scheme's own.
fn split<'a>(authority: &'a str, site: &Site) -> Option<(&'a str, u16)> {
    let scheme_port = if site.is_https() { 443 } else { 80 };
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => {
            let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| port.parse().ok()).flatten().map(|port| (host, port))
        }
        _ => Some((authority, scheme_port)),
    }
}

fn is_host_of(host: &str, site: &Site) -> bool {
    split(site.authority(), site).is_some_and(|(own, _)| own.eq_ignore_ascii_case(host))
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || is_loopback_literal(host)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(site: &str, hosts: &[&str]) -> Result<(), HostError> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_str(host).unwrap());
        }
        verify(&Uri::from_static("/token"), &headers, &Site::parse(site).unwrap())
    }

    /// RFC 9110 §7.2, §7.4, §15.5.20.
    #[test]
    fn se_21_only_the_issuers_host_is_answered() {
        let site = "https://id.example.com";
        for good in ["id.example.com", "ID.Example.com", "id.example.com:443"] {
            assert_eq!(check(site, &[good]), Ok(()), "{good}");
        }
        for bad in [
            "evil.example",
            "id.example.com.evil.example",
            "id.example.com:8443",
            "id.example.com:80",
            "id.example.com.",
            "id.example.com:",
            "id.example.com:443:443",
            "id.example.com@evil.example",
            "evil.example#id.example.com",
            "localhost",
            "127.0.0.1",
            "",
        ] {
            assert_eq!(check(site, &[bad]), Err(HostError::Unknown), "{bad}");
        }
    }

    #[test]
    fn se_21_on_this_machine_every_name_of_it_is_answered() {
        let site = "http://localhost:9000";
        for good in ["localhost:9000", "127.0.0.1:9000", "127.9.9.9:9000", "[::1]:9000", "LOCALHOST:9000"] {
            assert_eq!(check(site, &[good]), Ok(()), "{good}");
        }
        for bad in [
            "localhost",
            "localhost:9001",
            "192.168.0.2:9000",
            "[::2]:9000",
            "rebind.example:9000",
            "::1:9000",
        ] {
            assert_eq!(check(site, &[bad]), Err(HostError::Unknown), "{bad}");
        }
    }

    /// RFC 9112 §3.2.
    #[test]
    fn se_21_a_request_names_its_host_exactly_once() {
        let site = "https://id.example.com";
        assert_eq!(check(site, &[]), Err(HostError::NotOne));
        assert_eq!(check(site, &["id.example.com", "evil.example"]), Err(HostError::NotOne));
    }

    #[test]
    fn se_21_a_host_in_the_target_counts_too() {
        let site = Site::parse("https://id.example.com").unwrap();
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("id.example.com"))]);
        let check = |target: &'static str| verify(&Uri::from_static(target), &headers, &site);
        assert_eq!(check("https://id.example.com/token"), Ok(()));
        assert_eq!(check("https://evil.example/token"), Err(HostError::Unknown));
    }
}
