//! Which account somebody gets who came back from a provider — OIDC Core §5.7; threats LK-01 to LK-05.
//!
//! [`decide`] is asked over facts of the store; what it says is applied by one conditional write, and asked again when that
//! write finds something changed.

use axum::response::Response;
use mapae_client::{
    CompletedLogin, Identity, Tokens,
    linking::{Action, AddressUse, Decision, Rule, decide},
    terms::Agreed,
};
use mapae_protocol::time::Timestamp;

use super::{
    Upstream, departure,
    facts::{self, Known},
    proved::after_proof,
    tokens, trouble,
    waiting::{self, Arrival},
};
use crate::{
    accounts::{
        EmailAddress,
        session::{self, ACR_UPSTREAM, Begun, Entry, Proven},
    },
    app::App,
    audit::{About, Event},
    contention::until_done,
    fault::Fault,
    ids::Kind,
    interaction::{PageError, Step, StepError, Visit, see_other},
    pages::{at, sign_in::UpstreamTrouble},
    store::{
        CommitError, Unit,
        identities::{self, Brought, NewIdentity},
        sessions::Proof,
        steps,
        users::{self, NewUser},
    },
    terms,
};

/// How many words on how somebody signed in at the provider are passed on.
const MAX_AMR: usize = 8;

/// How much of what somebody is called at the provider is kept, in characters.
const MAX_LABEL: usize = 320;

/// What a new person says.
pub(super) struct Newcomer {
    /// What they want to be called.
    pub(super) name: String,
    /// What they agree to.
    pub(super) agreed: Vec<Agreed>,
}

/// Of what an account is made.
pub(super) struct Founding<'a> {
    pub(super) known: &'a Known,
    /// What becomes of the address.
    pub(super) usage: &'a AddressUse<String>,
    pub(super) arrival: &'a Arrival,
    pub(super) newcomer: &'a Newcomer,
}

/// Somebody who proved at a provider who they are there.
#[derive(Debug)]
pub(super) struct Arriving {
    pub(super) identity: Identity,
    pub(super) tokens: Tokens,
    now: Timestamp,
}

impl Arriving {
    pub(super) fn of(app: &App, completed: CompletedLogin) -> Self {
        let CompletedLogin { identity, tokens, .. } = completed;
        Self { identity, tokens, now: app.now() }
    }
}

/// Signs in, or leads to what is still to be said.
pub(super) async fn arrive(
    visit: &Visit,
    step: Step,
    upstream: &Upstream,
    arriving: Arriving,
) -> Result<Response, PageError> {
    until_done(|| attempt(visit, &step, upstream, &arriving)).await
}

async fn attempt(
    visit: &Visit,
    step: &Step,
    upstream: &Upstream,
    arriving: &Arriving,
) -> Result<Option<Response>, PageError> {
    let known = facts::read(visit, step, &arriving.identity, None).await?;
    // After the facts: what ends in between moves the epoch that was read, and what ends later is met by the write.
    if waiting::has_ended(visit, &arriving.identity).await? {
        return trouble::back(visit, step, upstream, UpstreamTrouble::Again).await.map(Some);
    }
    let arrival = Arrival {
        upstream: upstream.name().to_owned(),
        identity: arriving.identity.clone(),
        given_to: upstream.names_people_for().map(str::to_owned),
        tokens: wrapped(visit, upstream, arriving, &known)?,
        arrived_at: arriving.now,
        proved_at: proved_at(step, upstream, arriving),
        passed_at: (!departure::can_ask_anew(upstream)).then_some(arriving.now),
    };
    if known.row.as_ref().is_some_and(|row| row.removed_at.is_none() && !upstream.knows(row)) {
        tracing::warn!(
            upstream = upstream.name(),
            "somebody came whose name was given to another app of this provider: it may be another person"
        );
        return trouble::back(visit, step, upstream, UpstreamTrouble::OtherApp).await.map(Some);
    }
    let Decision { action, rule } = decide(&known.facts);
    tracing::info!(upstream = upstream.name(), rule = rule.as_str(), "somebody came from a provider");
    match action {
        Action::SignIn(_) if rule == Rule::AlreadyConnected => Ok(Some(connected()?)),
        Action::SignIn(_) => sign_in(visit, step, &known, &arrival).await,
        Action::Link(_) => wait(visit, step, &arrival, at::UPSTREAM_CONNECT).await.map(Some),
        Action::ProveThenLink(_) => wait(visit, step, &arrival, at::SIGN_IN).await.map(Some),
        Action::Create(_) => wait(visit, step, &arrival, at::UPSTREAM_SIGN_UP).await.map(Some),
        Action::Refuse => trouble::back(visit, step, upstream, said(rule)).await.map(Some),
    }
}

/// When the person was there themselves: when the provider says so, or now if it was asked for a new sign-in. A provider that
/// knows the browser lets it pass without a page, and whoever sits in front of it.
fn proved_at(step: &Step, upstream: &Upstream, arriving: &Arriving) -> Option<Timestamp> {
    let asked = departure::was_asked_anew(step, upstream).then_some(arriving.now);
    arriving.identity.auth_time().map(|said| said.min(arriving.now)).or(asked)
}

/// What is kept of what the provider gave, and of what it gave earlier.
fn wrapped(visit: &Visit, upstream: &Upstream, arriving: &Arriving, known: &Known) -> Result<String, Fault> {
    let (app, person) = (&visit.app, arriving.identity.person());
    // What another registration gave works with its own secret only, and is nobody else's to keep.
    let own = known.row.as_ref().filter(|row| row.upstream == upstream.name() && row.removed_at.is_none());
    let earlier = match own.and_then(|row| row.tokens.as_ref()) {
        Some(wrapped) => Some(tokens::unwrap(app, person, wrapped)?),
        None => None,
    };
    let kept = upstream.provider.completed(arriving.tokens.clone(), earlier.as_ref());
    Ok(tokens::wrap(app, person, &kept))
}

/// Why nothing came of it, as far as the person may know.
pub(super) const fn said(rule: Rule) -> UpstreamTrouble {
    match rule {
        Rule::AccountClosed => UpstreamTrouble::Closed,
        Rule::BelongsToAnother => UpstreamTrouble::Taken,
        Rule::ConnectNeedsFreshSignIn => UpstreamTrouble::Stale,
        Rule::ConnectOfAnother | Rule::ConnectWithoutSession => UpstreamTrouble::OtherAccount,
        Rule::AlreadyConnected
        | Rule::ConnectedByOwner
        | Rule::KnownIdentity
        | Rule::RemovedLately
        | Rule::NoAddress
        | Rule::AddressRests
        | Rule::UnverifiedAndFree
        | Rule::UnverifiedAndTaken
        | Rule::VerifiedAndFree
        | Rule::VerifiedAndTaken
        | Rule::UnprovedGivesWay => UpstreamTrouble::Again,
    }
}

/// Somebody who waited to sign up, and whose account was made meanwhile, in another tab: they are in by it, once, and
/// nothing is linked.
pub(super) async fn sign_in_once(
    visit: &Visit,
    step: &Step,
    known: &Known,
    arrival: &Arrival,
) -> Result<Option<Response>, PageError> {
    // What was ended since is not begun again by who came before.
    if known.owner.as_ref().is_some_and(|owner| owner.epoch > 0) {
        return Err(StepError::Over.into());
    }
    let take =
        steps::take(step.arrival.as_deref().unwrap_or_default(), &visit.browser.name(), visit.app.now());
    match visit.app.commit(Unit::from(take)).await {
        Ok(_) => sign_in(visit, &Step { arrival: None, ..step.clone() }, known, arrival).await,
        Err(CommitError::Conflict { .. }) => Err(StepError::Over.into()),
        Err(error) => Err(error.into()),
    }
}

/// The person of this identity is in, in one unit with what the provider gave, unless everything of theirs has ended
/// since, here or there.
pub(super) async fn sign_in(
    visit: &Visit,
    step: &Step,
    known: &Known,
    arrival: &Arrival,
) -> Result<Option<Response>, PageError> {
    let (Some(owner), Some(row)) = (&known.owner, &known.row) else { return Ok(None) };
    let now = visit.app.now();
    // What was forgotten since the facts were read is not written again.
    let also = Unit::from(identities::used(&row.id, &owner.id, &brought(arrival), now))
        .with(users::guard(&owner.id, owner.epoch))
        .with(waiting::standing(&arrival.identity));
    let entry = Entry { proven: Proven::of(owner), proof: proof(arrival, &row.id, now), also };
    match session::begin_as(&visit.app, &entry, visit.session.as_ref(), &visit.headers).await {
        Ok(begun) => {
            About::user(&owner.id).note(Event::SignedIn);
            let step = after_proof(visit, step.clone(), (owner, &begun.session_id)).await?;
            go_on(visit, step, begun).await.map(Some)
        }
        // The identity was removed meanwhile, or everything of the person has ended.
        Err(Fault::Commit(CommitError::Conflict { .. })) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// Makes the account of a new person, who said what they want to be called.
pub(super) async fn create(
    visit: &Visit,
    step: &Step,
    Founding { known, usage, arrival, newcomer }: Founding<'_>,
) -> Result<Option<Response>, PageError> {
    let (now, waits) = (visit.app.now(), step.arrival.as_deref().unwrap_or_default());
    let email = noted(usage, known.email.as_ref())?;
    let user = NewUser {
        id: Kind::User.fresh(),
        email_verified: email.is_some(),
        email,
        name: newcomer.name.clone(),
        locale: Some(visit.locale(Some(step)).as_str().to_owned()),
        password_hash: None,
        operator: false,
        claims: None,
    };
    let identity = linked(arrival, &user.id);
    let also = Unit::from(steps::take(waits, &visit.browser.name(), now))
        .with(users::insert(&user, now))
        .with(identities::link(&identity, now))
        .with(waiting::standing(&arrival.identity));
    let also = terms::keeping(also, &user.id, &newcomer.agreed, now);
    let entry = Entry { proven: Proven::new(&user.id), proof: proof(arrival, &identity.id, now), also };
    let (begun, unit) = session::fresh_as(&visit.app, &entry, visit.session.as_ref(), &visit.headers)?;
    match visit.app.commit(unit).await {
        Ok(_) => {
            About::user(&user.id).note(Event::AccountMade);
            go_on(visit, Step { arrival: None, ..step.clone() }, begun).await.map(Some)
        }
        Err(CommitError::Conflict { .. }) => match waiting::waiting_arrival(visit, step).await? {
            // Somebody took the address, or made an account of this identity, at the same time.
            Some(_) => Ok(None),
            None => Err(StepError::Over.into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// The address that a new account gets.
fn noted(usage: &AddressUse<String>, email: Option<&EmailAddress>) -> Result<Option<String>, Fault> {
    match usage {
        AddressUse::Proved => Ok(email.map(|email| email.as_str().to_owned())),
        AddressUse::None | AddressUse::Unproved => Ok(None),
        // The facts say of every account's address that it was proved (decision 0055).
        AddressUse::ProvedInsteadOf(_) => Err(Fault::UnprovedAddress),
    }
}

/// Keeps who came, and leads to the page that asks what is missing.
async fn wait(visit: &Visit, step: &Step, arrival: &Arrival, page: &str) -> Result<Response, PageError> {
    let id = waiting::keep_arrival(visit, arrival).await?;
    let step = Step { arrival: Some(id), ..step.clone() };
    Ok(see_other(&at::step(page, &visit.seal(&step).await?))?)
}

async fn go_on(visit: &Visit, step: Step, begun: Begun) -> Result<Response, PageError> {
    let step = Step { signed_in: Some(begun.session_id.clone()), ..step };
    let mut response = see_other(&at::step(at::CONTINUE, &visit.seal(&step).await?))?;
    begun.give_cookies(response.headers_mut());
    Ok(response)
}

pub(super) fn connected() -> Result<Response, Fault> {
    see_other(&at::with(at::ACCOUNT, "done", "connected"))
}

pub(super) fn linked(arrival: &Arrival, user_id: &str) -> NewIdentity {
    let person = arrival.identity.person();
    NewIdentity {
        id: Kind::Identity.fresh(),
        issuer: person.issuer().to_owned(),
        subject: person.subject().to_owned(),
        user_id: user_id.to_owned(),
        brought: brought(arrival),
    }
}

fn brought(arrival: &Arrival) -> Brought {
    Brought {
        upstream: arrival.upstream.clone(),
        label: label(&arrival.identity),
        tokens: arrival.tokens.clone().into(),
        given_to: arrival.given_to.clone(),
    }
}

/// By what the person recognises which account it is that they have there.
pub(crate) fn label(identity: &Identity) -> String {
    let address = identity.email().map(|email| email.address);
    let name = identity.nickname().or_else(|| identity.name()).map(str::to_owned);
    let label = address.or(name).unwrap_or_default();
    label.chars().filter(|letter| !letter.is_control()).take(MAX_LABEL).collect()
}

/// What can honestly be said of a sign-in that happened elsewhere: when, if the provider says so, and how, in its words.
fn proof(arrival: &Arrival, identity_id: &str, now: Timestamp) -> Proof {
    let identity = &arrival.identity;
    let auth_time = identity.auth_time().unwrap_or(arrival.arrived_at).min(now);
    let word = |word: &&String| {
        !word.is_empty() && word.len() <= 32 && word.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let amr: Vec<&str> = identity.amr().iter().filter(word).take(MAX_AMR).map(String::as_str).collect();
    Proof {
        auth_time,
        amr: amr.join(" "),
        acr: Some(ACR_UPSTREAM.to_owned()),
        proved_at: arrival.proved_at,
        identity_id: Some(identity_id.to_owned()),
        passed_at: arrival.passed_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lk_09_signed_words_on_how_are_passed_on_and_never_raise_the_level() {
        let identity: Identity = serde_json::from_value(serde_json::json!({
            "person": { "issuer": "https://op.example", "subject": "7" },
            "provider": "op", "auth_time": 1_000, "acr": "urn:mace:incommon:iap:gold",
            "amr": ["mfa", "", "two words", "hwk", "x".repeat(33)],
            "claims": {}, "emails": [], "granted": [], "refused": [],
        }))
        .unwrap();
        let arrival = Arrival {
            upstream: "op".to_owned(),
            identity,
            given_to: None,
            tokens: String::new(),
            arrived_at: Timestamp::from_unix(2_000),
            proved_at: None,
            passed_at: None,
        };
        let proof = proof(&arrival, "idn_1", Timestamp::from_unix(2_000));
        assert_eq!((proof.acr.as_deref(), proof.amr.as_str()), (Some(ACR_UPSTREAM), "mfa hwk"));
        assert_eq!(proof.auth_time, Timestamp::from_unix(1_000));
        // A sign-in that lies in the future is of now.
        let proof = super::proof(&arrival, "idn_1", Timestamp::from_unix(500));
        assert_eq!(proof.auth_time, Timestamp::from_unix(500));
    }
    #[test]
    fn lk_02_only_a_proved_address_is_noted_and_it_is_taken_from_nobody() {
        let email = EmailAddress::parse("hong@example.com").ok();
        let noted = |usage| noted(&usage, email.as_ref());
        assert_eq!(noted(AddressUse::Proved).unwrap().as_deref(), Some("hong@example.com"));
        for usage in [AddressUse::None, AddressUse::Unproved] {
            assert_eq!(noted(usage).unwrap(), None);
        }
        let taken = noted(AddressUse::ProvedInsteadOf("usr_1".to_owned()));
        assert!(matches!(taken, Err(Fault::UnprovedAddress)), "nobody here waits in an address: {taken:?}");
    }
}
