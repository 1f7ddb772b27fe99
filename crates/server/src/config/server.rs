//! The keys at the top of the file: where the server listens and who it says it is.

use std::net::SocketAddr;

use ipnet::IpNet;

use super::{
    issuer::{self, Site},
    mistake::Place,
    setting::{Fallback, Setting},
    source::{Given, Source},
    tls,
};
use crate::http::tls::TlsFiles;

const LISTEN: Setting = Setting {
    section: "",
    key: "listen",
    flag: Some("--listen"),
    default: Fallback::Literal("\"127.0.0.1:9000\""),
    meaning: "The address and port where the server listens.",
    reason: "Nobody else can reach a server that is being tried out.",
};

pub(super) const ISSUER: Setting = Setting {
    section: "",
    key: "issuer",
    flag: Some("--issuer"),
    default: Fallback::Computed {
        rule: "`http://localhost:`, with TLS `https://localhost:`, and the port where it listens",
        example: "\"http://localhost:9000\"",
    },
    meaning: "The address at which people and programs reach the server, exactly as in every token. \
              It must be https; http is for this machine only. On a host that others use too it may have a path, \
              as in `https://example.com/login`; whoever answers at the host then gives the server what is below that \
              path and the two well-known addresses that end in it (RFC 8414 §3.1).",
    reason: "A server that is being tried out needs no certificate.",
};

const TRUSTED_PROXIES: Setting = Setting {
    section: "",
    key: "trusted_proxies",
    flag: Some("--trusted-proxy"),
    default: Fallback::Literal("[]"),
    meaning: "The networks of your own reverse proxies: only what these say about the address of a client is \
              believed.",
    reason: "Anybody can write a header.",
};

const FORWARDED_HEADER: Setting = Setting {
    section: "",
    key: "forwarded_header",
    flag: None,
    default: Fallback::Literal("\"x-forwarded-for\""),
    meaning: "The header in which your proxies write the address of a client: \"x-forwarded-for\" or \
              \"forwarded\" (RFC 7239). The other one is ignored.",
    reason: "A proxy passes on unchanged what it does not write itself, so only one of the two can be believed.",
};

pub(super) const SETTINGS: &[Setting] =
    &[LISTEN, ISSUER, tls::CERTIFICATE, tls::KEY, TRUSTED_PROXIES, FORWARDED_HEADER];

/// Where the server listens and who it says it is.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) listen: SocketAddr,
    pub(super) site: Option<Site>,
    pub(super) tls: Option<TlsFiles>,
    pub(super) trusted_proxies: Vec<IpNet>,
    pub(super) forwarded_header: ForwardedHeader,
}

/// The header in which the trusted proxies write the address of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239 §4).
    Forwarded,
}

impl Server {
    pub(super) fn read(source: &mut Source<'_>) -> Self {
        let (listen, listen_place) = read_listen(source);
        let tls_place = source.place_of(&tls::CERTIFICATE);
        let tls = tls::read(source);
        let site = issuer::read(source, listen, tls.is_some());
        if let Some(site) = site.as_ref().filter(|site| tls.is_some() && !site.is_https()) {
            let wrong =
                format!("The server speaks TLS, and {site} is an http issuer: nobody would reach it there.");
            source.mistake(tls_place, wrong, "Write the issuer with https.");
        }
        if let Some(site) = site.as_ref().filter(|site| !listen.ip().is_loopback() && !site.is_https()) {
            source.mistake(
                listen_place,
                format!("Others can reach {listen}, and {site} is an http issuer: passwords would travel open."),
                "Listen on 127.0.0.1, or give an https issuer, and end TLS here (--tls-cert, --tls-key) or in a reverse proxy.",
            );
        }
        Self {
            listen,
            site,
            tls,
            trusted_proxies: read_proxies(source),
            forwarded_header: read_forwarded_header(source),
        }
    }
}

fn read_listen(source: &mut Source<'_>) -> (SocketAddr, Place) {
    let default = SocketAddr::from(([127, 0, 0, 1], 9000));
    let Some(Given { value, place }) = source.text(&LISTEN) else {
        return (default, Place::Default(LISTEN.path()));
    };
    match value.parse() {
        Ok(address) => (address, place),
        Err(_) => {
            let wrong = format!("{value:?} is not an IP address with a port.");
            source.mistake(place.clone(), wrong, "Write for example 127.0.0.1:9000, or [::1]:9000.");
            (default, place)
        }
    }
}

fn read_proxies(source: &mut Source<'_>) -> Vec<IpNet> {
    let Some(Given { value, place }) = source.list(&TRUSTED_PROXIES) else { return Vec::new() };
    let mut networks = Vec::with_capacity(value.len());
    for text in value {
        match parse_network(&text) {
            Some(network) if network.prefix_len() == 0 => source.mistake(
                place.clone(),
                format!("{text:?} is everybody: then everybody can claim any address."),
                "Write the networks of your own proxies only, for example 10.0.0.0/8.",
            ),
            Some(network) => networks.push(network),
            None => source.mistake(
                place.clone(),
                format!("{text:?} is not a network."),
                "Write for example 10.0.0.0/8, fd00::/8 or 192.0.2.7.",
            ),
        }
    }
    networks
}

/// A network, or one address.
fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<std::net::IpAddr>().ok().map(IpNet::from))
}

fn read_forwarded_header(source: &mut Source<'_>) -> ForwardedHeader {
    let Some(Given { value, place }) = source.text(&FORWARDED_HEADER) else {
        return ForwardedHeader::XForwardedFor;
    };
    match value.to_ascii_lowercase().as_str() {
        "x-forwarded-for" => ForwardedHeader::XForwardedFor,
        "forwarded" => ForwardedHeader::Forwarded,
        _ => {
            let wrong = format!("The header {value:?} is not understood.");
            source.mistake(place, wrong, "Write \"x-forwarded-for\" or \"forwarded\".");
            ForwardedHeader::XForwardedFor
        }
    }
}
