//! Whose a host is, as far as its name or number tells — DC-04: whoever has one of something may have a thousand of it.

use url::{Host, Url};

use crate::accounts::turns::wider_network;

/// What countries put between their own label and the names that they give out.
const OF_COUNTRIES: [&str; 14] =
    ["ac", "co", "com", "edu", "go", "gob", "gov", "mil", "ne", "net", "or", "org", "pe", "re"];

/// Under which name somebody has registered a host, as far as that is seen without a list: its last two labels, or three
/// where the last two are a country's `co.kr`. Names below it have that somebody's name servers.
pub(crate) fn of_name(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let mut labels = host.rsplit('.');
    let (last, second) = (labels.next().unwrap_or_default(), labels.next().unwrap_or_default());
    let of_a_country = last.len() == 2 && OF_COUNTRIES.contains(&second);
    let count = if of_a_country { 3 } else { 2 };
    let mut labels: Vec<&str> = host.rsplit('.').take(count).collect();
    labels.reverse();
    labels.join(".")
}

/// The site of an address. A host that is a number is of the network that one customer can have.
pub(super) fn of(address: &Url) -> String {
    match address.host() {
        Some(Host::Domain(name)) => of_name(name),
        Some(Host::Ipv4(number)) => wider_network(number.into()).to_string(),
        Some(Host::Ipv6(number)) => wider_network(number.into()).to_string(),
        None => String::new(),
    }
}

/// The same of an address that is only a text; one that is none is a site of its own.
pub(crate) fn of_text(address: &str) -> String {
    Url::parse(address).map_or_else(|_| address.to_owned(), |address| of(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dc_04_a_site_is_what_somebody_has_registered() {
        for (host, expected) in [
            ("app.example.com", "example.com"),
            ("a.b.c.Example.com.", "example.com"),
            ("example.com", "example.com"),
            ("login.kakao.co.kr", "kakao.co.kr"),
            ("kakao.co.kr", "kakao.co.kr"),
            ("a.b.example.kr", "example.kr"),
            ("a.abc.io", "abc.io"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(of_name(host), expected, "{host}");
        }
    }

    #[test]
    fn dc_04_a_number_is_of_the_network_of_one_customer() {
        let site = |address: &str| of(&Url::parse(address).unwrap());
        assert_eq!(site("https://a.example.com:8443/keys"), site("https://b.example.com/"));
        assert_eq!(site("https://198.51.100.7/"), site("https://198.51.100.8:444/"));
        assert_eq!(site("https://[2001:db8:1:2::3]/"), site("https://[2001:db8:1:9::9]/"));
        assert_ne!(site("https://198.51.100.7/"), site("https://203.0.100.7/"), "numbers are no labels");
        assert_ne!(site("https://[2001:db8:1::1]/"), site("https://[2001:db8:2::1]/"));
    }
}
