//! Which account somebody gets who arrives from a provider — OIDC Core §5.7.
//!
//! The key of an account is issuer and subject, never an e-mail address. An address that a provider gives can begin a
//! conversation ("you may have an account already"), but what was somebody's account becomes reachable from a new
//! identity only after its owner has proved to be there: no link is ever made in silence.
//!
//! [`decide`] is pure: whoever calls it reads the [`Facts`] first, applies the [`Decision`] by one conditional write, and
//! asks again with fresh facts if that write finds something changed. It names the [`Rule`] that decided, for the log and
//! for whoever has to explain it.

#[cfg(test)]
mod model;

use mapae_protocol::time::Seconds;

pub use mapae_protocol::email_address::EmailAddress;

/// For how long a proof of who somebody is counts as [fresh](Present::fresh).
pub const FRESH: Seconds = Seconds::minutes(10);

/// For how long it is remembered from which account an identity was [removed](Facts::removed_from).
pub const LATELY: Seconds = Seconds::days(30);

/// What the person began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose<A> {
    /// To sign in, or to sign up: which of the two, the facts say.
    SignIn,
    /// To add the identity to the account that was signed in when it was begun.
    Connect(A),
}

/// Who is signed in on the browser that brings the answer back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present<A> {
    /// Their account.
    pub account: A,
    /// Whether they proved who they are a moment ago, and not only long ago.
    pub fresh: bool,
}

/// What can be said of the address that the provider gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressTrust {
    /// Nobody checked it, or the provider does not say so.
    Unverified,
    /// The provider checked it, at some time.
    Verified,
}

/// An account of the service that has the address which the provider gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder<A> {
    /// The account.
    pub account: A,
    /// Whether its owner has proved to the service that the address is theirs.
    pub proved: bool,
}

/// The address of the arriving person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address<A> {
    /// What can be said of it.
    pub trust: AddressTrust,
    /// Who has it here.
    pub holder: Option<Holder<A>>,
    /// Whether an account that had it was deleted so shortly ago that it rests.
    pub rests: bool,
}

/// Everything that the decision depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts<A> {
    /// What was begun.
    pub purpose: Purpose<A>,
    /// Who is signed in here and now.
    pub present: Option<Present<A>>,
    /// The account to which this issuer and subject belong.
    pub owner: Option<A>,
    /// Whether that account is closed to its owner.
    pub owner_is_closed: bool,
    /// The account from which this issuer and subject were removed a short time ago.
    pub removed_from: Option<A>,
    /// The address that the provider gave. That there is none is normal.
    pub address: Option<Address<A>>,
}

/// What becomes of the address when an account is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AddressUse<A> {
    /// There is none, or it must not be noted: the person may give one and prove it.
    #[default]
    None,
    /// It is noted as unproved: a mail to it comes before any use.
    Unproved,
    /// It is noted as proved.
    Proved,
    /// The same, and this account, which never proved it, loses it.
    ProvedInsteadOf(A),
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action<A> {
    /// Sign in to this account.
    SignIn(A),
    /// Add the identity to this account, whose owner is here, and tell them.
    Link(A),
    /// Ask for a proof of this account (its password, or another identity of it); then add the identity. Who cannot give
    /// it learns nothing and gets nothing.
    ProveThenLink(A),
    /// Make an account.
    Create(AddressUse<A>),
    /// Do nothing, and say why.
    Refuse,
}

/// The rule that decided. Its name stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Nobody is signed in any more who could be given another way in.
    ConnectWithoutSession,
    /// Another account is signed in than the one that began.
    ConnectOfAnother,
    /// The identity is this account's already.
    AlreadyConnected,
    /// The identity is another account's.
    BelongsToAnother,
    /// Another way in is given only to who has just proved who they are.
    ConnectNeedsFreshSignIn,
    /// The owner of the account added the identity.
    ConnectedByOwner,
    /// The account of this identity is closed.
    AccountClosed,
    /// This identity has an account.
    KnownIdentity,
    /// This identity was taken off an account a short time ago.
    RemovedLately,
    /// The provider gave no address.
    NoAddress,
    /// The address was an account's that was deleted a short time ago.
    AddressRests,
    /// Nobody has the address, and nobody has checked it.
    UnverifiedAndFree,
    /// Somebody has the address, and nobody has checked that it is this person's.
    UnverifiedAndTaken,
    /// Nobody has the address, and the provider has checked it.
    VerifiedAndFree,
    /// Somebody has proved the address here, and the provider says it is this person's.
    VerifiedAndTaken,
    /// Somebody registered with the address and never proved it; the provider says it is this person's.
    UnprovedGivesWay,
}

/// What to do, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<A> {
    /// What to do.
    pub action: Action<A>,
    /// Why.
    pub rule: Rule,
}

impl<A> Action<A> {
    /// The action's name, as it stands in logs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::SignIn(_) => "sign_in",
            Self::Link(_) => "link",
            Self::ProveThenLink(_) => "prove_then_link",
            Self::Create(_) => "create",
            Self::Refuse => "refuse",
        }
    }
}

impl Rule {
    /// The rule's name, as it stands in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConnectWithoutSession => "connect_without_session",
            Self::ConnectOfAnother => "connect_of_another",
            Self::AlreadyConnected => "already_connected",
            Self::BelongsToAnother => "belongs_to_another",
            Self::ConnectNeedsFreshSignIn => "connect_needs_fresh_sign_in",
            Self::ConnectedByOwner => "connected_by_owner",
            Self::AccountClosed => "account_closed",
            Self::KnownIdentity => "known_identity",
            Self::RemovedLately => "removed_lately",
            Self::NoAddress => "no_address",
            Self::AddressRests => "address_rests",
            Self::UnverifiedAndFree => "unverified_and_free",
            Self::UnverifiedAndTaken => "unverified_and_taken",
            Self::VerifiedAndFree => "verified_and_free",
            Self::VerifiedAndTaken => "verified_and_taken",
            Self::UnprovedGivesWay => "unproved_gives_way",
        }
    }
}

/// Decides.
#[must_use]
pub fn decide<A: Clone + PartialEq>(facts: &Facts<A>) -> Decision<A> {
    match &facts.purpose {
        Purpose::Connect(begun_by) => connect(facts, begun_by),
        Purpose::SignIn => sign_in(facts),
    }
}

/// Another way into an account is given by its owner, who is here and has just proved it (ASVS V7.5.1).
fn connect<A: Clone + PartialEq>(facts: &Facts<A>, begun_by: &A) -> Decision<A> {
    let refuse = |rule| Decision { action: Action::Refuse, rule };
    let Some(present) = &facts.present else { return refuse(Rule::ConnectWithoutSession) };
    // RP-04: what one person began, another must not finish, in whichever direction.
    if present.account != *begun_by {
        return refuse(Rule::ConnectOfAnother);
    }
    match &facts.owner {
        Some(owner) if *owner == present.account => {
            Decision { action: Action::SignIn(owner.clone()), rule: Rule::AlreadyConnected }
        }
        Some(_) => refuse(Rule::BelongsToAnother),
        None if !present.fresh => refuse(Rule::ConnectNeedsFreshSignIn),
        None => Decision { action: Action::Link(present.account.clone()), rule: Rule::ConnectedByOwner },
    }
}

fn sign_in<A: Clone>(facts: &Facts<A>) -> Decision<A> {
    let decision = |action, rule| Decision { action, rule };
    let create = |address, rule| Decision { action: Action::Create(address), rule };
    if let Some(owner) = &facts.owner {
        return if facts.owner_is_closed {
            decision(Action::Refuse, Rule::AccountClosed)
        } else {
            decision(Action::SignIn(owner.clone()), Rule::KnownIdentity)
        };
    }
    // Who took it off may have done so because it was stolen: it comes back by their own hand only.
    if let Some(account) = &facts.removed_from {
        return decision(Action::ProveThenLink(account.clone()), Rule::RemovedLately);
    }
    let Some(address) = &facts.address else { return create(AddressUse::None, Rule::NoAddress) };
    match (&address.holder, address.trust) {
        (None, _) if address.rests => create(AddressUse::None, Rule::AddressRests),
        (None, AddressTrust::Unverified) => create(AddressUse::Unproved, Rule::UnverifiedAndFree),
        (None, AddressTrust::Verified) => create(AddressUse::Proved, Rule::VerifiedAndFree),
        // Anybody can write any address there. To say that it is taken would tell who has an account.
        (Some(_), AddressTrust::Unverified) => create(AddressUse::None, Rule::UnverifiedAndTaken),
        // The provider's check may be old, and the address somebody else's by now.
        (Some(holder), AddressTrust::Verified) if holder.proved => {
            decision(Action::ProveThenLink(holder.account.clone()), Rule::VerifiedAndTaken)
        }
        // Pre-hijacking: whoever made that account never proved the address, and must not wait in the victim's.
        (Some(holder), AddressTrust::Verified) => {
            create(AddressUse::ProvedInsteadOf(holder.account.clone()), Rule::UnprovedGivesWay)
        }
    }
}
