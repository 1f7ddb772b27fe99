//! `[limits]`: how much one request, one address and all of them together may take.

use super::{
    setting::{Fallback, Setting},
    source::Source,
};

const SECTION: &str = "limits";

const FORM_BYTES: Setting = Setting {
    section: SECTION,
    key: "form_bytes",
    flag: None,
    default: Fallback::Literal("65_536"),
    meaning: "Longest form that an endpoint or page reads, in bytes; 4096 to 1048576.",
    reason: "No honest request comes near it.",
};

const UPLOAD_BYTES: Setting = Setting {
    section: SECTION,
    key: "upload_bytes",
    flag: None,
    default: Fallback::Literal("262_144"),
    meaning: "Longest form of the developer console, which may hold an icon, in bytes; 65536 to 4194304.",
    reason: "An icon of 128 × 128 points fits easily.",
};

const CONNECTIONS: Setting = Setting {
    section: SECTION,
    key: "connections",
    flag: None,
    default: Fallback::Literal("4_096"),
    meaning: "Most connections at a time, 8 to 1000000; it is lowered to what the system's limit of open files \
              leaves. Who comes later waits in the system's queue.",
    reason: "A connection that waits costs some kilobytes; 4,096 of them still leave a small machine small.",
};

const CONNECTIONS_PER_ADDRESS: Setting = Setting {
    section: SECTION,
    key: "connections_per_address",
    flag: None,
    default: Fallback::Literal("256"),
    meaning: "Most connections at a time from one address, or one IPv6 network of 64 bits; 4 to 1000000. \
              Trusted proxies and this machine itself are not counted.",
    reason: "An office behind one address fits; one hostile machine cannot take all connections.",
};

pub(super) const SETTINGS: &[Setting] = &[FORM_BYTES, UPLOAD_BYTES, CONNECTIONS, CONNECTIONS_PER_ADDRESS];

/// How much a request, an address and all of them together may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest form, in bytes.
    pub form_bytes: usize,
    /// Longest form that may hold an icon, in bytes.
    pub upload_bytes: usize,
    /// Most connections at a time.
    pub connections: usize,
    /// Most connections at a time from one address.
    pub connections_per_address: usize,
}

impl Limits {
    pub(super) fn read(source: &mut Source<'_>) -> Self {
        Self {
            form_bytes: source.count(&FORM_BYTES, 4_096..=1_048_576),
            upload_bytes: source.count(&UPLOAD_BYTES, 65_536..=4_194_304),
            connections: source.count(&CONNECTIONS, 8..=1_000_000),
            connections_per_address: source.count(&CONNECTIONS_PER_ADDRESS, 4..=1_000_000),
        }
    }
}
