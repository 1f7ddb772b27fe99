//! The device code grant — RFC 8628 §3.4, §3.5; threats DE-03 … DE-05, DE-07, DE-10.

use async_trait::async_trait;
use mapae_protocol::{
    device::{DEVICE_CODE, DeviceCode, PollError},
    error::{ErrorCode, OAuthError},
    time::{Seconds, Timestamp},
};

use super::{
    Decision, GrantType, Refusal, Role, Terms, TokenContext,
    beginning::{self, Redeemed},
};
use crate::{
    fault::{Artefact, Fault},
    issue::{Authorization, DeviceApproval, device_origin},
    store::{
        Unit,
        alive::Dead,
        device_requests::{self, DeviceRequest, Progress},
        grants::{self, RedemptionFacts},
    },
};

/// How much longer a device must wait each time that it asks too often (RFC 8628 §3.5).
const SLOWER: Seconds = Seconds::seconds(5);
/// The longest wait: by then a code is nearly over, and who asks more often is not written down any more.
const SLOWEST: Seconds = Seconds::minutes(5);
/// Clocks show whole seconds: who waits as long as it was told may seem to be this much early.
const LEEWAY: i64 = 1;

/// `grant_type=urn:ietf:params:oauth:grant-type:device_code`.
#[derive(Debug)]
pub(super) struct DeviceCodeGrant;

#[async_trait]
impl GrantType for DeviceCodeGrant {
    fn name(&self) -> &'static str {
        DEVICE_CODE
    }

    fn terms(&self) -> Terms {
        Terms {
            role: Role::BeginsElsewhere,
            meaning: "RFC 8628: a person agrees on another device",
            words: ["grant.device", "grant.device_hint"],
        }
    }

    async fn decide(&self, cx: &TokenContext<'_>) -> Result<Decision, Fault> {
        let code = match cx.params.one("device_code") {
            Ok(code) => code,
            Err(repeated) => return Ok(Refusal::of(repeated).into()),
        };
        let Some(code) = code else { return Ok(Refusal::of(Refused::Missing).into()) };
        let request = match DeviceCode::parse(code) {
            Some(code) => device_requests::find(cx.app.db(), &code.digest()).await?,
            None => None,
        };
        let Some(request) = request else { return Ok(Refusal::of(Refused::Foreign).into()) };
        match poll(&request, cx.client.id(), cx.now, || cx.app.device_polls().note(&request.id, cx.now)) {
            Poll::Refused(refused) => Ok(Refusal::of(refused).into()),
            Poll::Wait { refused, interval } => {
                let noted = interval.map(|interval| device_requests::slow_down(&request, interval));
                Ok(Refusal::of(refused).with(Unit::new().with_all(noted)).into())
            }
            Poll::Answered(approval) => {
                let approval: DeviceApproval =
                    serde_json::from_str(approval).map_err(Fault::corrupt(Artefact::DeviceApproval))?;
                redeem(cx, &request, &approval).await
            }
        }
    }
}

/// Why a device gets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("no device code")]
    Missing,
    #[error("not a device code of ours, or redeemed before")]
    Foreign,
    #[error("issued to another client")]
    OtherClient,
    #[error(transparent)]
    NotYet(#[from] PollError),
    #[error("redeemed before")]
    Replayed,
    #[error(transparent)]
    Dead(#[from] Dead),
    #[error("nothing is left that the app may have")]
    NothingLeft,
}

impl From<Refused> for OAuthError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Missing => Self::new(ErrorCode::InvalidRequest, "device_code is missing"),
            Refused::NotYet(error) => error.into(),
            // All these look alike to the client: what is wrong with a code is nobody's business.
            Refused::Foreign
            | Refused::OtherClient
            | Refused::Replayed
            | Refused::Dead(_)
            | Refused::NothingLeft => {
                Self::new(ErrorCode::InvalidGrant, "the device code is not valid, or not valid any more")
            }
        }
    }
}

/// What a poll comes to.
#[derive(Debug, PartialEq, Eq)]
enum Poll<'a> {
    Refused(Refused),
    /// Not yet, and how long to wait from now on, if that is longer than before.
    Wait {
        refused: Refused,
        interval: Option<Seconds>,
    },
    /// Somebody said yes.
    Answered(&'a str),
}

/// RFC 8628 §3.5. Only the app that began learns anything about a code.
fn poll<'a>(
    request: &'a DeviceRequest,
    client_id: &str,
    now: Timestamp,
    before: impl FnOnce() -> Option<Timestamp>,
) -> Poll<'a> {
    if request.app_id != client_id {
        return Poll::Refused(Refused::OtherClient);
    }
    if request.expires_at <= now {
        return Poll::Refused(PollError::Expired.into());
    }
    match &request.progress {
        Progress::Denied => Poll::Refused(PollError::Denied.into()),
        Progress::Approved(approval) => Poll::Answered(approval.expose()),
        Progress::Pending => wait(request, now, before()),
    }
}

fn wait(request: &DeviceRequest, now: Timestamp, before: Option<Timestamp>) -> Poll<'static> {
    let interval = request.poll_interval;
    let waited = before.map(|polled| now.since(polled).get() + LEEWAY);
    if waited.is_none_or(|waited| waited >= interval.get()) {
        return Poll::Wait { refused: PollError::Pending.into(), interval: None };
    }
    let slower = (interval < SLOWEST).then(|| interval.and(SLOWER));
    Poll::Wait { refused: PollError::SlowDown.into(), interval: slower }
}

/// Makes the grant, if what the person said yes to still holds (DE-10).
async fn redeem(
    cx: &TokenContext<'_>,
    request: &DeviceRequest,
    approval: &DeviceApproval,
) -> Result<Decision, Fault> {
    let origin = device_origin(&request.id);
    let lookup = approval.authorization.lookup(&origin, cx.client.id());
    let facts = grants::redemption_facts(cx.app.db(), &lookup).await?;
    if let Err(refused) = redeemable(request, approval, &facts, cx.now) {
        return Ok(Refusal::of(refused).into());
    }
    let Some(scopes) = cx.client.still_allowed(&approval.scopes) else {
        return Ok(Refusal::of(Refused::NothingLeft).into());
    };
    let redeemed = Redeemed {
        origin: &origin,
        authorization: &approval.authorization,
        scopes: &scopes,
        resource: request.resource.as_deref(),
        claims: None,
        nonce: None,
        told: serde_json::Map::new(),
        expires_at: request.expires_at,
        states: &facts.states,
        spent: Some(device_requests::redeem(&request.id)),
    };
    beginning::begin(cx, redeemed)
}

fn redeemable(
    request: &DeviceRequest,
    approval: &DeviceApproval,
    facts: &RedemptionFacts,
    now: Timestamp,
) -> Result<(), Refused> {
    if facts.earlier.is_some() {
        return Err(Refused::Replayed);
    }
    if request.expires_at <= facts.swept_until {
        return Err(PollError::Expired.into());
    }
    let Authorization { epochs, offline, .. } = approval.authorization;
    Ok(facts.states.hold(epochs, offline, now)?)
}

#[cfg(test)]
mod tests {
    use mapae_protocol::scope::Scopes;

    use super::*;
    use crate::store::alive::{Epochs, States};

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const EPOCHS: Epochs = Epochs { user: 1, app: 1, consent: 1, session: Some(1) };

    fn request() -> DeviceRequest {
        DeviceRequest {
            id: "digest".to_owned(),
            app_id: "app_1".to_owned(),
            scopes: "openid".to_owned(),
            resource: None,
            started_from: String::new(),
            user_agent: String::new(),
            progress: Progress::Pending,
            browser: None,
            poll_interval: Seconds::seconds(5),
            created_at: NOW,
            expires_at: NOW.plus(Seconds::minutes(10)),
        }
    }

    fn after(seconds: u32) -> Timestamp {
        NOW.plus(Seconds::seconds(seconds))
    }

    fn unseen() -> Option<Timestamp> {
        None
    }

    fn told(poll: &Poll<'_>) -> ErrorCode {
        match poll {
            Poll::Refused(refused) | Poll::Wait { refused, .. } => OAuthError::from(*refused).code,
            Poll::Answered(_) => panic!("{poll:?}"),
        }
    }

    #[test]
    fn de_03_who_polls_too_fast_waits_five_seconds_more_each_time() {
        let mut request = request();
        let mut before = None;
        for (at, code, interval) in [
            (0, ErrorCode::AuthorizationPending, None),
            (5, ErrorCode::AuthorizationPending, None),
            // Seconds are whole: what was five may look like four.
            (9, ErrorCode::AuthorizationPending, None),
            (10, ErrorCode::SlowDown, Some(10)),
            (15, ErrorCode::SlowDown, Some(15)),
            (30, ErrorCode::AuthorizationPending, None),
            (45, ErrorCode::AuthorizationPending, None),
            (46, ErrorCode::SlowDown, Some(20)),
        ] {
            let found = poll(&request, "app_1", after(at), || before);
            assert_eq!(told(&found), code, "after {at}");
            let Poll::Wait { interval: next, .. } = found else { panic!("{found:?}") };
            assert_eq!(next.map(Seconds::get), interval, "after {at}");
            before = Some(after(at));
            request.poll_interval = next.unwrap_or(request.poll_interval);
        }
        request.poll_interval = SLOWEST;
        let found = poll(&request, "app_1", after(47), || before);
        assert_eq!(told(&found), ErrorCode::SlowDown);
        assert!(matches!(found, Poll::Wait { interval: None, .. }), "nothing more to write");
        let found = poll(&request, "app_1", NOW, || Some(after(300)));
        assert_eq!(told(&found), ErrorCode::SlowDown, "a clock that went back");
    }

    #[test]
    fn de_04_de_07_what_a_poll_comes_to_and_only_for_the_app_that_began() {
        let end = request().expires_at;
        let last = Timestamp::from_unix(end.unix() - 1);
        let approved = || Progress::Approved("{}".into());
        for (progress, now, expected) in [
            (Progress::Pending, last, ErrorCode::AuthorizationPending),
            (Progress::Pending, end, ErrorCode::ExpiredToken),
            (Progress::Denied, last, ErrorCode::AccessDenied),
            (Progress::Denied, end, ErrorCode::ExpiredToken),
            (approved(), end, ErrorCode::ExpiredToken),
        ] {
            let request = DeviceRequest { progress, ..request() };
            assert_eq!(told(&poll(&request, "app_1", now, unseen)), expected, "{request:?}");
            assert_eq!(told(&poll(&request, "app_2", now, unseen)), ErrorCode::InvalidGrant, "{request:?}");
        }
        let request = DeviceRequest { progress: approved(), ..request() };
        assert_eq!(poll(&request, "app_1", NOW, unseen), Poll::Answered("{}"));
        assert_eq!(told(&poll(&request, "APP_1", NOW, unseen)), ErrorCode::InvalidGrant);
    }

    #[test]
    fn de_05_de_10_what_was_redeemed_or_has_ended_is_not_redeemed() {
        let approval = DeviceApproval {
            authorization: Authorization::sample(EPOCHS, NOW),
            scopes: Scopes::restore("openid").unwrap(),
        };
        let facts = RedemptionFacts {
            states: States::living(EPOCHS, after(1_000)),
            earlier: None,
            swept_until: Timestamp::from_unix(0),
        };
        let request = request();
        let found = |facts: &RedemptionFacts| redeemable(&request, &approval, facts, NOW);
        assert_eq!(found(&facts), Ok(()));
        let earlier = Some(grants::Earlier { id: "gra_1".to_owned(), revoked_at: None });
        assert_eq!(found(&RedemptionFacts { earlier, ..facts.clone() }), Err(Refused::Replayed));
        let swept_until = request.expires_at;
        let swept = RedemptionFacts { swept_until, ..facts.clone() };
        assert_eq!(found(&swept), Err(PollError::Expired.into()));
        let mut ended = facts;
        ended.states.user.as_mut().unwrap().disabled_at = Some(NOW);
        assert_eq!(found(&ended), Err(Refused::Dead(Dead::UserDisabled)));
    }
}
