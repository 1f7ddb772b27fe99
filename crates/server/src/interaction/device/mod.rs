//! A person answers a device — RFC 8628 §3.3: types its code, signs in, sees who asks for what, and allows it or not.

mod answer;
mod confirm;
mod enter;

use std::sync::Arc;

use mapae_protocol::{device::UserCode, scope::Scopes, time::Seconds};
use serde::{Deserialize, Serialize};

pub(crate) use confirm::{show as show_confirm, submit as submit_confirm};
pub(crate) use enter::{show, submit};

use super::{PageError, Step, StepError, Visit, login, max_age};
use crate::{
    catalog::Client,
    fault::{Artefact, Fault},
    pages::look::AppCard,
    registration::Appearance,
    store::{
        consents::{self, Consent},
        device_requests::{self, DeviceRequest, Progress},
        sessions::SignedIn,
    },
};

/// A device that somebody has come to answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Device {
    /// The digest of its device code.
    id: String,
    /// What was typed: shown again, to be compared with the device.
    user_code: UserCode,
    /// How old a sign-in its app accepted when it was typed.
    #[serde(default)]
    max_age: Option<Seconds>,
}

impl Device {
    /// How long ago a person may have proved who they are for its app (`default_max_age`).
    pub(super) const fn max_age(&self) -> Option<Seconds> {
        self.max_age
    }
}

/// Everything that is known about it, as long as it can be answered here.
struct Waiting<'a> {
    device: &'a Device,
    request: DeviceRequest,
    client: Arc<Client>,
    /// What it asks for, as far as this app may ask today.
    requested: Scopes,
    /// What this person and this app have between them.
    consent: Option<Consent>,
    agreed: Scopes,
}

impl<'a> Waiting<'a> {
    /// Reads the facts. What was answered or is over leads nowhere, and what another browser has neither (DE-06).
    async fn read(visit: &Visit, device: &'a Device) -> Result<Self, PageError> {
        let (app, now) = (&visit.app, visit.app.now());
        let request = device_requests::find(app.db(), &device.id).await?.ok_or(StepError::Over)?;
        if request.progress != Progress::Pending || request.expires_at <= now {
            return Err(StepError::Over.into());
        }
        if request.browser.as_ref().is_some_and(|browser| *browser != visit.browser.name()) {
            return Err(PageError::DeviceTaken);
        }
        let client = app.catalog().client(&request.app_id).await?;
        let client = client.filter(|client| !client.is_disabled()).ok_or(PageError::UnknownApp)?;
        if device.max_age != client.metadata().default_max_age {
            // Changed while somebody was on the way, who may have signed in by the rule of before: the code is typed again.
            return Err(StepError::Over.into());
        }
        let consent = match &visit.session {
            Some(signed_in) => consents::find(app.db(), &signed_in.user.id, client.id()).await?,
            None => None,
        };
        let valid = Appearance::valid(consent.as_ref(), client.registered(), None)?;
        let agreed = valid.map_or("", |consent| consent.scopes.as_str());
        let agreed = Scopes::restore(agreed).map_err(Fault::corrupt(Artefact::ScopesOfConsent))?;
        let asked =
            Scopes::restore(&request.scopes).map_err(Fault::corrupt(Artefact::ScopesOfDeviceRequest))?;
        let requested = asked.intersection(client.allowed());
        if requested.is_empty() {
            // Taken from the app while somebody was on the way.
            return Err(StepError::Over.into());
        }
        Ok(Self { device, request, client, requested, consent, agreed })
    }

    /// Whether the last sign-in is older than the app accepts, and none was made on the way (DE-09).
    fn signed_in_too_long_ago(&self, visit: &Visit, step: &Step) -> bool {
        let (max_age, now) = (self.client.metadata().default_max_age, visit.app.now());
        visit.session.as_ref().is_some_and(|SignedIn { session, .. }| {
            let on_the_way = step.signed_in.as_ref() == Some(&session.id);
            max_age::signed_in_too_long_ago(max_age, session.proved_at, on_the_way, now)
        })
    }
}

/// Whether somebody who is signed in must do it again before they answer.
pub(crate) async fn must_sign_in_again(
    visit: &Visit,
    step: &Step,
    device: &Device,
) -> Result<bool, PageError> {
    Ok(Waiting::read(visit, device).await?.signed_in_too_long_ago(visit, step))
}

/// The app of a device, for the pages on the way.
pub(crate) async fn card(visit: &Visit, device: &Device) -> Result<AppCard, PageError> {
    Ok(login::card_alone(&Waiting::read(visit, device).await?.client))
}
