//! What the command line says about settings.

/// Options that override the environment and the file, as they were typed.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config FILE`.
    pub config: Option<String>,
    /// `--data DIR`.
    pub data: Option<String>,
    /// `--database URL`.
    pub database: Option<String>,
    /// `--listen ADDRESS`.
    pub listen: Option<String>,
    /// `--issuer URL`.
    pub issuer: Option<String>,
    /// `--tls-cert FILE`.
    pub tls_cert: Option<String>,
    /// `--tls-key FILE`.
    pub tls_key: Option<String>,
    /// `--trusted-proxy CIDR`, each time it was given.
    pub trusted_proxies: Vec<String>,
}

impl Flags {
    /// The single text that was given for an option.
    pub(super) fn text(&self, flag: &str) -> Option<&str> {
        match flag {
            "--data" => self.data.as_deref(),
            "--database" => self.database.as_deref(),
            "--listen" => self.listen.as_deref(),
            "--issuer" => self.issuer.as_deref(),
            "--tls-cert" => self.tls_cert.as_deref(),
            "--tls-key" => self.tls_key.as_deref(),
            _ => None,
        }
    }

    /// All texts that were given for an option that may be repeated.
    pub(super) fn texts(&self, flag: &str) -> &[String] {
        if flag == "--trusted-proxy" { &self.trusted_proxies } else { &[] }
    }
}
