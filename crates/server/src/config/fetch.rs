//! `[fetch]`: what goes out because an app asked for it.

use reqwest::Certificate;

use super::{
    setting::{Fallback, Setting},
    source::{Given, Source},
};

const SECTION: &str = "fetch";

const PRIVATE_ADDRESSES: Setting = Setting {
    section: SECTION,
    key: "private_addresses",
    flag: None,
    default: Fallback::Literal("false"),
    meaning: "Whether addresses that apps register (keys, logos, notices of logout) may lead to this machine and into \
              private networks; `true` or `false`. With an issuer on this machine, `http` to it is then allowed, too.",
    reason: "Whoever may register an app could otherwise send requests from inside your network; switch it on to \
             develop.",
};

const ROOT_CERTIFICATE_FILE: Setting = Setting {
    section: SECTION,
    key: "root_certificate_file",
    flag: None,
    default: Fallback::Computed {
        rule: "the certificate authorities of this machine, and no other",
        example: "\"/etc/mapae/root.pem\"",
    },
    meaning: "A PEM file of certificate authorities that are trusted besides those of this machine when such an address \
              is fetched.",
    reason: "Apps on the internet have certificates of authorities that everybody trusts.",
};

pub(super) const SETTINGS: &[Setting] = &[PRIVATE_ADDRESSES, ROOT_CERTIFICATE_FILE];

/// What goes out because an app asked for it.
#[derive(Clone, Debug, Default)]
pub struct Fetch {
    /// Whether it may go to this machine and into private networks.
    pub private_addresses: bool,
    /// Who is trusted besides the certificate authorities of this machine.
    pub root_certificates: Vec<Certificate>,
}

impl Fetch {
    pub(super) fn read(source: &mut Source<'_>) -> Self {
        Self {
            private_addresses: source.switch(&PRIVATE_ADDRESSES),
            root_certificates: read_certificates(source),
        }
    }
}

fn read_certificates(source: &mut Source<'_>) -> Vec<Certificate> {
    let Some(Given { value: path, place }) = source.path(&ROOT_CERTIFICATE_FILE) else { return Vec::new() };
    let instead =
        "Name a file of certificates between BEGIN CERTIFICATE and END CERTIFICATE that this user may read.";
    let wrong = match std::fs::read(&path).map(|text| Certificate::from_pem_bundle(&text)) {
        Ok(Ok(certificates)) if !certificates.is_empty() => return certificates,
        Ok(_) => format!("The file {} holds no certificate.", path.display()),
        Err(error) => format!("The file {} cannot be read: {error}.", path.display()),
    };
    source.mistake(place, wrong, instead);
    Vec::new()
}
