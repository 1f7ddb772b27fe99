//! Settings that can be wrong, and what to do about each.

use mapae_protocol::locale::Locale;

/// A setting of the client or of its registration at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// The provider's issuer identifier.
    Issuer,
    /// The client's id at the provider.
    ClientId,
    /// The client's secret at the provider.
    ClientSecret,
    /// The private key with which the client proves itself to the provider and signs its requests.
    PrivateKey,
    /// Where the provider sends the browser back.
    RedirectUri,
    /// The sites and apps from which the provider lets the client come.
    Platform,
    /// What the client asks for.
    Scopes,
    /// The API that the tokens are for.
    Resource,
    /// How the client authenticates at the token endpoint.
    TokenEndpointAuthMethod,
    /// The app's entry at the provider as a whole.
    Registration,
    /// The grant types that the client is registered for.
    GrantTypes,
    /// Whether plain `http` on this machine is allowed.
    Development,
    /// The machine's certificate authorities.
    CertificateAuthorities,
    /// The name in front of the client's cookies.
    Name,
    /// The list of providers.
    Providers,
    /// The fields of the sign-up form.
    SignUpFields,
    /// The service's terms.
    Terms,
    /// The service's own tokens.
    ServiceTokens,
    /// The organisation whose people are let in.
    HostedDomain,
    /// Whether UserInfo is asked.
    UserInfo,
}

/// Which method the provider wants cannot be seen from its refusal.
const TOKEN_ENDPOINT_AUTH_METHOD: (&str, &str) = (
    "client_id와 client_secret이 맞다면, 제공자의 콘솔에 이 앱의 인증 방식으로 적힌 client_secret_basic 또는 client_secret_post를 그대로 적으세요.",
    "If client_id and client_secret are right, write the method that the provider's console has for this app: client_secret_basic or client_secret_post.",
);

/// Some providers know the sites and apps of a client by name.
const PLATFORM: (&str, &str) = (
    "제공자의 콘솔에서 이 앱의 플랫폼에 서비스의 사이트 도메인이나 앱을 등록하세요.",
    "Register the site domain or the app of this service as a platform in the provider's console.",
);

/// Whose people are let in must be signed.
const HOSTED_DOMAIN: (&str, &str) = (
    "Google처럼 소속을 서명해 알려 주는 제공자에만, 도메인 이름으로 적으세요.",
    "Set it only for a provider that signs whose people they are, such as Google, as the name of a domain.",
);

/// Some providers say who somebody is there alone.
const USER_INFO: (&str, &str) = (
    "이 제공자에는 ProviderSettings::without_user_info()를 쓰지 마세요. 누구인지를 UserInfo만 알려 줍니다.",
    "Leave out ProviderSettings::without_user_info() for this provider: UserInfo alone says who somebody is.",
);

/// Plain `http` is for whoever develops.
const DEVELOPMENT: (&str, &str) = (
    "https 주소를 쓰거나, 이 컴퓨터에서 개발하는 동안에는 ProviderSettings::for_development()를 부르세요.",
    "Use https, or call ProviderSettings::for_development() while developing on this machine.",
);

/// What can be wrong with a private key is said together.
const PRIVATE_KEY: (&str, &str) = (
    "PKCS #8 PEM으로 된 P-256, Ed25519 또는 RSA 개인 키와, 제공자에 등록한 공개 키의 kid를 적으세요.",
    "Give a P-256, Ed25519 or RSA key as PKCS #8 PEM, and the kid of its public half at the provider.",
);

/// What can be wrong with the service's own tokens is said together.
const SERVICE_TOKENS: (&str, &str) = (
    "access token의 수명은 1시간 이하, 키의 수명은 하루 이상으로, audience는 절대 주소로 적으세요.",
    "Let access tokens live one hour at most and keys one day at least, and write the audience as an absolute address.",
);

impl Setting {
    const ALL: &[Self] = &[
        Self::Issuer,
        Self::ClientId,
        Self::ClientSecret,
        Self::PrivateKey,
        Self::RedirectUri,
        Self::Platform,
        Self::Scopes,
        Self::Resource,
        Self::TokenEndpointAuthMethod,
        Self::Registration,
        Self::GrantTypes,
        Self::Development,
        Self::CertificateAuthorities,
        Self::Name,
        Self::Providers,
        Self::SignUpFields,
        Self::Terms,
        Self::ServiceTokens,
        Self::HostedDomain,
        Self::UserInfo,
    ];

    /// The setting's name, as it stands in code and configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::PrivateKey => "private_key",
            Self::RedirectUri => "redirect_uri",
            Self::Platform => "platform",
            Self::Scopes => "scopes",
            Self::Resource => "resource",
            Self::TokenEndpointAuthMethod => "token_endpoint_auth_method",
            Self::Registration => "registration",
            Self::GrantTypes => "grant_types",
            Self::Development => "development",
            Self::CertificateAuthorities => "certificate authorities",
            Self::Name => "name",
            Self::Providers => "providers",
            Self::SignUpFields => "sign_up",
            Self::Terms => "terms",
            Self::ServiceTokens => "service_tokens",
            Self::HostedDomain => "hosted_domain",
            Self::UserInfo => "user_info",
        }
    }

    /// The setting of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|setting| setting.name() == name)
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(self, language: Locale) -> &'static str {
        let (korean, english) = self.advices();
        match language {
            Locale::Ko => korean,
            Locale::En => english,
        }
    }

    const fn advices(self) -> (&'static str, &'static str) {
        match self {
            Self::Issuer => (
                "제공자의 discovery 문서에 적힌 issuer와 한 글자도 다르지 않게 적으세요.",
                "Write it exactly as the provider's discovery document does.",
            ),
            Self::ClientId => (
                "제공자의 개발자 콘솔에 있는 client_id와 같은지 확인하세요.",
                "Compare it with the client_id in the provider's console.",
            ),
            Self::ClientSecret => (
                "제공자의 콘솔에서 client_id와 client_secret을 확인하거나 새로 발급받으세요.",
                "Check it and the client_id in the provider's console, or issue a new one there.",
            ),
            Self::PrivateKey => PRIVATE_KEY,
            Self::RedirectUri => (
                "제공자의 콘솔에 이 주소를 한 글자도 다르지 않게 등록하세요.",
                "Register exactly this address in the provider's console.",
            ),
            Self::Platform => PLATFORM,
            Self::Scopes => (
                "제공자가 이 앱에 허락한 범위만 요청하세요.",
                "Ask only for scopes that the provider allows this app.",
            ),
            Self::Resource => (
                "제공자에 등록된 API의 식별자를 적으세요.",
                "Write the identifier of an API that the provider knows.",
            ),
            Self::TokenEndpointAuthMethod => TOKEN_ENDPOINT_AUTH_METHOD,
            Self::Registration => (
                "제공자의 콘솔에 등록된 내용과 이 설정을 비교하세요.",
                "Compare these settings with what is registered in the provider's console.",
            ),
            Self::GrantTypes => (
                "제공자의 콘솔에서 authorization_code와 refresh_token을 켜세요.",
                "Switch on authorization_code and refresh_token in the provider's console.",
            ),
            Self::Development => DEVELOPMENT,
            Self::CertificateAuthorities => (
                "운영체제에 ca-certificates를 설치하세요.",
                "Install the operating system's ca-certificates.",
            ),
            Self::Name => (
                "영문 소문자, 숫자, 하이픈으로 32자까지 적으세요.",
                "Write up to 32 lower-case letters, digits and hyphens.",
            ),
            Self::Providers => (
                "제공자를 하나 이상, 서로 다른 이름과 redirect_uri로 적으세요.",
                "Give at least one provider, each with a name and a redirect_uri of its own.",
            ),
            Self::SignUpFields => ("필드 이름을 서로 다르게 적으세요.", "Give each field a name of its own."),
            Self::Terms => {
                ("약관마다 이름과 버전을 적으세요.", "Give each term a name of its own and a version.")
            }
            Self::ServiceTokens => SERVICE_TOKENS,
            Self::HostedDomain => HOSTED_DOMAIN,
            Self::UserInfo => USER_INFO,
        }
    }
}

/// A setting is wrong: nothing works until somebody changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}`: {problem}. {}", setting.name(), setting.advice(Locale::En))]
pub struct ConfigurationError {
    setting: Setting,
    problem: &'static str,
}

impl ConfigurationError {
    pub(crate) const fn new(setting: Setting, problem: &'static str) -> Self {
        Self { setting, problem }
    }

    /// The setting that is wrong.
    #[must_use]
    pub const fn setting(&self) -> Setting {
        self.setting
    }

    /// What is wrong with it.
    #[must_use]
    pub const fn problem(&self) -> &'static str {
        self.problem
    }
}
