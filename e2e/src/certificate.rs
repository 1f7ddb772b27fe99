//! A certificate authority of a test's own, and a certificate of it for this machine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tempfile::TempDir;

/// Where the files are. Dropping it removes them.
#[derive(Debug)]
pub struct Certificate(TempDir);

impl Certificate {
    /// A new authority, and a certificate for `localhost`.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn for_this_machine() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut params = CertificateParams::new(Vec::new()).expect("no names are names");
        params.distinguished_name.push(DnType::CommonName, "Tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = || KeyPair::generate().expect("a key can be made");
        let root = CertifiedIssuer::self_signed(params, key()).expect("it signs itself");
        let (own, mut params) =
            (key(), CertificateParams::new(vec!["localhost".to_owned()]).expect("a name"));
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let issued = params.signed_by(&own, &root).expect("it signs others");
        let made = Self(folder);
        for (path, text) in
            [(made.root(), root.pem()), (made.certificate(), issued.pem()), (made.key(), own.serialize_pem())]
        {
            fs::write(path, text).expect("it can be kept");
        }
        made
    }

    /// The authority's own certificate.
    pub fn root(&self) -> PathBuf {
        self.folder().join("root.pem")
    }

    /// The certificate for `localhost`.
    pub fn certificate(&self) -> PathBuf {
        self.folder().join("certificate.pem")
    }

    /// Its key.
    pub fn key(&self) -> PathBuf {
        self.folder().join("key.pem")
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }
}
