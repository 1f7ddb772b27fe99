//! Why a provider cannot be spoken to as it is written down: which setting it is, what is wrong, what to write instead.

use mapae_client::Setting;
use mapae_protocol::locale::Locale;

use super::Site;
use crate::upstream::UpstreamSettings;

/// The setting of whose people are let in.
pub(crate) const HOSTED_DOMAIN: &str = "hosted_domain";

/// The definition that is of no provider until it has an issuer.
const ANY_OPENID: &str = "oidc";

/// The definition whose client secrets are signed here.
const APPLE: &str = "apple";

/// What is wrong with one setting of a provider.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unusable {
    /// The setting, as `[[upstream]]` calls it.
    pub(crate) key: &'static str,
    /// A sentence.
    pub(crate) wrong: String,
    /// A sentence.
    pub(crate) instead: String,
}

/// Whether the provider can be spoken to with these settings, as far as that is known without asking it.
pub(crate) fn unusable(settings: &UpstreamSettings, site: &Site) -> Option<Unusable> {
    if settings.provider == ANY_OPENID && settings.options.issuer.is_none() {
        return Some(Unusable {
            key: "issuer",
            wrong: "It is missing: an OpenID provider is known by its issuer.".to_owned(),
            instead: "Write the provider's issuer, for example https://id.example.com.".to_owned(),
        });
    }
    if let Some(unusable) = wrong_var(settings) {
        return Some(unusable);
    }
    let error = settings.provider(site).err()?;
    let is_signed = settings.provider == APPLE && error.setting() == Setting::ClientSecret;
    if is_signed {
        return Some(Unusable {
            key: "credential_files",
            wrong: "Apple's client secrets are signed here, and one of the credentials for that is missing."
                .to_owned(),
            instead: "Give all three, each as NAME=FILE: team_id, key_id, and private_key, the .p8 file."
                .to_owned(),
        });
    }
    Some(Unusable {
        key: key(error.setting()),
        wrong: format!("It cannot be used like this: {}.", error.problem()),
        instead: error.setting().advice(Locale::En).to_owned(),
    })
}

/// A name that the definition does not know would change nothing, and a value with braces would be a name.
fn wrong_var(settings: &UpstreamSettings) -> Option<Unusable> {
    let definition = settings.definition().ok()?;
    let known: Vec<(&str, &str)> = definition.vars().collect();
    for (name, value) in &settings.options.vars {
        if !known.iter().any(|(known, _)| known == name) {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let instead = match names.as_slice() {
                [] => "It has none: leave it out.".to_owned(),
                names => {
                    format!("Write one of {}, with an equals sign and its value behind.", names.join(", "))
                }
            };
            let wrong = format!("The definition {:?} has no value {name:?}.", settings.provider);
            return Some(Unusable { key: "vars", wrong, instead });
        }
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
        if value.is_empty() || !value.bytes().all(plain) {
            let usual = known.iter().find(|(known, _)| known == name).map_or("", |(_, usual)| *usual);
            return Some(Unusable {
                key: "vars",
                wrong: format!("The value of {name:?} cannot stand in an address."),
                instead: format!("Write it as the definition does, for example {name}={usual}."),
            });
        }
    }
    None
}

const fn key(setting: Setting) -> &'static str {
    match setting {
        Setting::ClientId => "client_id",
        Setting::ClientSecret => "client_secret_file",
        Setting::Issuer => "issuer",
        Setting::Scopes => "scopes",
        Setting::HostedDomain => HOSTED_DOMAIN,
        _ => "provider",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::{Options, Secrets};

    fn settings(provider: &str, issuer: Option<&str>) -> UpstreamSettings {
        UpstreamSettings {
            name: provider.to_owned(),
            provider: provider.to_owned(),
            client_id: "x".to_owned(),
            secrets: Secrets::default(),
            options: Options { issuer: issuer.map(str::to_owned), ..Options::default() },
        }
    }

    #[test]
    fn a_value_is_one_that_the_definition_has() {
        let site = Site::parse("https://id.example").unwrap();
        let with = |provider: &str, name: &str, value: &str| {
            let mut settings = settings(provider, None);
            settings.secrets.client_secret = Some(mapae_protocol::secret::Secret::new("s".to_owned()));
            settings.options.vars.insert(name.to_owned(), value.to_owned());
            unusable(&settings, &site)
        };
        assert_eq!(with("facebook", "version", "v26.0"), None);
        for (provider, name, value, instead) in [
            (
                "facebook",
                "verison",
                "v26.0",
                "Write one of version, with an equals sign and its value behind.",
            ),
            ("facebook", "issuer", "https://evil.example", "Write one of version, with"),
            ("kakao", "version", "v2", "It has none: leave it out."),
            ("facebook", "version", "", "version=v25.0"),
            ("facebook", "version", "{version}", "version=v25.0"),
            ("facebook", "version", "v26 0", "version=v25.0"),
        ] {
            let found = with(provider, name, value).unwrap();
            assert_eq!(found.key, "vars");
            assert!(found.instead.contains(instead), "{found:?}");
        }
    }

    #[test]
    fn rp_13_an_organisation_is_a_domain_that_the_provider_signs() {
        let site = Site::parse("https://id.example").unwrap();
        let with = |provider: &str, domain: &str| {
            let mut settings = settings(provider, None);
            settings.secrets.client_secret = Some(mapae_protocol::secret::Secret::new("s".to_owned()));
            settings.options.hosted_domain = Some(domain.to_owned());
            unusable(&settings, &site).map(|unusable| unusable.key)
        };
        for domain in ["example.com", "xn--o39an51b2re.kr", "회사.kr"] {
            assert_eq!(with("google", domain), None, "{domain}");
        }
        for wrong in ["", " ", "https://example.com", "@example.com", "example.com/", "a b.com", "a,b.com"] {
            assert_eq!(with("google", wrong), Some("hosted_domain"), "{wrong:?}");
        }
        assert_eq!(with("naver", "example.com"), Some("hosted_domain"));
    }

    #[test]
    fn what_is_missing_is_called_by_the_name_of_its_setting() {
        let site = Site::parse("http://localhost:9000").unwrap();
        for (provider, issuer, key, instead) in [
            ("oidc", None, "issuer", "for example https://id.example.com"),
            ("apple", None, "credential_files", "team_id, key_id, and private_key"),
            ("naver", None, "client_secret_file", "the provider's console"),
        ] {
            let found = unusable(&settings(provider, issuer), &site).unwrap();
            assert_eq!(found.key, key, "{found:?}");
            assert!(found.instead.contains(instead), "{found:?}");
            for sentence in [&found.wrong, &found.instead] {
                assert!(sentence.ends_with('.') && !sentence.ends_with(".."), "{found:?}");
            }
        }
        assert_eq!(unusable(&settings("oidc", Some("https://id.example.com")), &site), None);
        assert_eq!(unusable(&settings("kakao", None), &site), None);
    }
}
