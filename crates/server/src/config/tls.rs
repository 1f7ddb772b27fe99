//! `tls_cert` and `tls_key`: TLS that the process ends itself.

use super::{
    setting::{Fallback, Setting},
    source::{Given, Source},
};
use crate::http::tls::{Tls, TlsFiles};

pub(super) const CERTIFICATE: Setting = Setting {
    section: "",
    key: "tls_cert",
    flag: Some("--tls-cert"),
    default: Fallback::Computed {
        rule: "no TLS, which ends in a reverse proxy then",
        example: "\"/etc/mapae/fullchain.pem\"",
    },
    meaning: "A PEM file with the server's certificate and those that signed it: the server speaks TLS itself, 1.2 and \
              1.3. It is read again within seconds when it changes.",
    reason: "Where there is a reverse proxy already, it has the certificates.",
};

pub(super) const KEY: Setting = Setting {
    section: "",
    key: "tls_key",
    flag: Some("--tls-key"),
    default: Fallback::Computed { rule: "no TLS, as above", example: "\"/etc/mapae/privkey.pem\"" },
    meaning: "A PEM file with the private key of that certificate, without a password.",
    reason: "It belongs to the certificate.",
};

/// The files, if both are named and fit. They are read once to say at once what is wrong with them.
pub(super) fn read(source: &mut Source<'_>) -> Option<TlsFiles> {
    match (source.path(&CERTIFICATE), source.path(&KEY)) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            let files = TlsFiles { certificate: certificate.value, key: key.value };
            if let Err(error) = Tls::load(files.clone()) {
                source.mistake(certificate.place, sentence(&error.to_string()), error.advice());
            }
            Some(files)
        }
        (Some(Given { place, .. }), None) => {
            source.mistake(
                place,
                "A certificate is named, and not its key.",
                "Name its key with --tls-key, too.",
            );
            None
        }
        (None, Some(Given { place, .. })) => {
            let instead = "Name its certificate with --tls-cert, too.";
            source.mistake(place, "A key is named, and not its certificate.", instead);
            None
        }
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}
