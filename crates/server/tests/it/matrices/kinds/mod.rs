//! JO-14: every kind of token × everybody who takes one, and each is taken by those alone for whom it was made — RFC 8725
//! §3.11, §3.12.

mod consumers;
mod world;

use mapae_protocol::jose::{HeaderType, Unverified};
use mapae_testkit::Engine;

use self::world::World;

/// An enum of which nothing can be left out.
macro_rules! rows {
    ($(#[$about:meta])* enum $name:ident { $( $(#[$row:meta])* $variant:ident, )+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum $name { $( $(#[$row])* $variant, )+ }

        impl $name {
            const ALL: &'static [Self] = &[$( Self::$variant, )+];
        }
    };
}

rows! {
    /// What somebody can hold and show.
    enum Kind {
        /// A JWT by which an app acts for a person (RFC 9068).
        AccessToken,
        /// A sealed one.
        OpaqueAccessToken,
        /// One by which an app acts for itself.
        MachineToken,
        IdToken,
        RefreshToken,
        Code,
        LogoutToken,
        /// An answer at the redirect URI as a JWT (JARM).
        SignedAnswer,
        SignedUserinfo,
        ClientAssertion,
        RequestObject,
        DpopProof,
        /// With which an app manages its registration (RFC 7592).
        RegistrationToken,
        /// With which it registers (RFC 7591).
        InitialToken,
        /// What a provider tells of a person (RFC 8417).
        ProviderNotice,
    }
}

rows! {
    /// Where something is shown, and by whom it is judged.
    enum Consumer {
        Userinfo,
        Introspection,
        /// What was shown there is good for nothing afterwards.
        Revocation,
        ExchangeSubject,
        ExchangeActor,
        /// `id_token_hint` at `/logout`.
        LogoutHint,
        /// `id_token_hint` at `/authorize`.
        AuthorizeHint,
        /// `client_assertion`.
        Assertion,
        /// `request` at `/par`.
        PushedRequest,
        /// `request` at `/authorize`.
        Request,
        /// The header `DPoP`.
        Proof,
        Management,
        Registration,
        /// An API behind `mapae-resource`.
        Api,
        /// An app with `mapae-client`, after a sign-in.
        SignIn,
        /// The same, at its redirect URI, where answers come signed.
        CallBack,
        /// The same, when it is told that somebody has signed out.
        SignOut,
        Redemption,
        Refresh,
        /// Where a provider tells this server something.
        Notices,
    }
}

impl Kind {
    /// By whom it is taken. What comes first spends nothing, unless it is the only one.
    const fn diagonal(self) -> &'static [Consumer] {
        use Consumer as By;
        match self {
            Self::AccessToken => {
                &[By::Userinfo, By::Introspection, By::ExchangeSubject, By::Api, By::Revocation]
            }
            Self::OpaqueAccessToken => {
                &[By::Userinfo, By::Introspection, By::ExchangeSubject, By::Revocation]
            }
            Self::MachineToken => &[By::Introspection, By::ExchangeActor, By::Api, By::Revocation],
            Self::IdToken => &[By::SignIn, By::AuthorizeHint, By::LogoutHint],
            Self::RefreshToken => &[By::Refresh, By::Revocation],
            Self::Code => &[By::Redemption],
            Self::LogoutToken => &[By::SignOut],
            Self::SignedAnswer => &[By::CallBack],
            // For apps that are written by others: nothing of ours reads it.
            Self::SignedUserinfo => &[],
            Self::ClientAssertion => &[By::Assertion],
            Self::RequestObject => &[By::PushedRequest, By::Request],
            Self::DpopProof => &[By::Proof],
            Self::RegistrationToken => &[By::Management],
            Self::InitialToken => &[By::Registration],
            Self::ProviderNotice => &[By::Notices],
        }
    }

    /// The `typ` under which it is signed; `None` for what is no JWT.
    const fn header(self) -> Option<HeaderType> {
        match self {
            Self::AccessToken | Self::MachineToken => Some(HeaderType::AccessToken),
            Self::IdToken | Self::SignedAnswer | Self::SignedUserinfo => Some(HeaderType::Jwt),
            Self::LogoutToken => Some(HeaderType::LogoutToken),
            Self::ClientAssertion => Some(HeaderType::ClientAssertion),
            Self::RequestObject => Some(HeaderType::RequestObject),
            Self::DpopProof => Some(HeaderType::DpopProof),
            Self::ProviderNotice => Some(HeaderType::SecurityEvent),
            Self::OpaqueAccessToken
            | Self::RefreshToken
            | Self::Code
            | Self::RegistrationToken
            | Self::InitialToken => None,
        }
    }
}

/// A row for everything that can be signed: a new `typ` does not compile without one.
const fn row(header: HeaderType) -> Kind {
    match header {
        HeaderType::Jwt => Kind::IdToken,
        HeaderType::AccessToken => Kind::AccessToken,
        HeaderType::LogoutToken => Kind::LogoutToken,
        HeaderType::SecurityEvent => Kind::ProviderNotice,
        HeaderType::ClientAssertion => Kind::ClientAssertion,
        HeaderType::RequestObject => Kind::RequestObject,
        HeaderType::DpopProof => Kind::DpopProof,
    }
}

#[test]
fn jo_14_whatever_can_be_signed_has_a_row() {
    for header in HeaderType::ALL {
        assert_eq!(row(*header).header(), Some(*header));
    }
}

/// First everybody else, who neither takes it nor spoils it; then those for whom it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jo_14_a_token_is_taken_by_those_for_whom_it_was_made_and_by_nobody_else() {
    for engine in Engine::ALL {
        let mut world = World::new(engine).await;
        let (mut accepted, mut diagonal) = (Vec::new(), Vec::new());
        for kind in Kind::ALL {
            let held = world.hold(*kind).await;
            let typ = Unverified::parse(&held.text).ok().and_then(|jwt| jwt.typ().map(str::to_owned));
            assert_eq!(typ.as_deref(), kind.header().map(HeaderType::as_str), "{kind:?}");
            let own = kind.diagonal();
            let others = Consumer::ALL.iter().filter(|consumer| !own.contains(consumer));
            for consumer in others.chain(own) {
                if world.accepts(*consumer, &held).await {
                    accepted.push((*kind, *consumer));
                }
            }
            diagonal.extend(own.iter().map(|consumer| (*kind, *consumer)));
        }
        assert_eq!(accepted, diagonal, "{engine:?}");
    }
}
