//! The page on which a person types the code that a device shows — RFC 8628 §3.3, §5.1; threat DE-01.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mapae_protocol::device::UserCode;

use super::Device;
use crate::{
    accounts::{
        shares,
        throttle::{self, Throttle, Throttled},
        turns,
    },
    app::App,
    http::retry_after,
    interaction::{Errand, PageError, Step, Visit, page, proceed},
    issue::user_code_digest,
    pages::{
        device::{CodeMistake, EnterCode},
        input::Input,
    },
    store::device_requests,
};

/// `GET /device`, with the code already in the address if it was read from a picture (RFC 8628 §3.3.1). Nothing happens
/// before the person goes on.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        let known = visit.one("user_code")?.and_then(UserCode::parse);
        let filled = known.is_some();
        let code = Input::holding(known.map(|code| code.shown()).unwrap_or_default());
        Ok(visit.show(&EnterCode { csrf: visit.browser_form_token(), code, filled, wait: None }, None))
    })
    .await
}

/// `POST /device`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    page(app, request, |visit| async move {
        visit.verify_browser_form()?;
        let typed = visit.one("user_code")?.ok_or(PageError::BadRequest)?;
        if typed.trim().is_empty() {
            return Ok(refuse(&visit, typed, CodeMistake::Missing));
        }
        let tries = Tries::of(&visit);
        // Charged before anything is looked up, so that a burst of parallel guesses cannot slip through.
        if let Err(throttled) = tries.charge(visit.app.throttle(), &visit) {
            return Ok(too_many(&visit, typed, throttled));
        }
        let Some(device) = find(&visit, typed).await? else {
            return Ok(refuse(&visit, typed, CodeMistake::Unknown));
        };
        tries.succeeded(visit.app.throttle());
        proceed(&visit, &Step::new(Errand::Device(device), visit.app.now())).await
    })
    .await
}

/// The device that shows this code and that can be answered in this browser. What was never shown, is over, was answered
/// or is another browser's looks all the same.
async fn find(visit: &Visit, typed: &str) -> Result<Option<Device>, PageError> {
    let Some(user_code) = UserCode::parse(typed) else { return Ok(None) };
    let app = &visit.app;
    let digest = user_code_digest(app.keys().current().handle_key(), &user_code);
    let request = device_requests::by_user_code(app.db(), &digest, app.now()).await?;
    let free =
        request.filter(|request| request.browser.as_ref().is_none_or(|own| *own == visit.browser.name()));
    let Some(request) = free else { return Ok(None) };
    let client = app.catalog().client(&request.app_id).await?;
    let max_age = client.and_then(|client| client.metadata().default_max_age);
    Ok(Some(Device { id: request.id, user_code, max_age }))
}

/// To whom a wrong code is charged: the network it comes from, the wider one around it, and whoever is signed in. All
/// together share what guesses there are.
struct Tries {
    source: String,
    network: String,
    person: Option<String>,
}

impl Tries {
    fn of(visit: &Visit) -> Self {
        Self {
            source: visit.context.client.throttle_key().to_string(),
            network: turns::wider_network(visit.context.client.ip()).to_string(),
            person: visit.session.as_ref().map(|signed_in| signed_in.user.id.clone()),
        }
    }

    fn charge(&self, throttle: &Throttle, visit: &Visit) -> Result<(), Throttled> {
        let now = visit.app.now();
        throttle.charge(throttle::USER_CODES_BY_SOURCE, &self.source, now)?;
        if let Some(person) = &self.person {
            throttle.charge(throttle::USER_CODES_BY_PERSON, person, now)?;
        }
        throttle.charge(throttle::USER_CODES_BY_NETWORK, &self.network, now)?;
        throttle.take(shares::USER_CODES, &self.source, 1, now)
    }

    /// A right code costs nothing; the wrong ones before it stay counted, or a code of one's own would buy guesses.
    fn succeeded(&self, throttle: &Throttle) {
        throttle.refund(throttle::USER_CODES_BY_SOURCE, &self.source);
        throttle.refund(throttle::USER_CODES_BY_NETWORK, &self.network);
        throttle.give_back(shares::USER_CODES, &self.source, 1);
        if let Some(person) = &self.person {
            throttle.refund(throttle::USER_CODES_BY_PERSON, person);
        }
    }
}

fn refuse(visit: &Visit, typed: &str, mistake: CodeMistake) -> Response {
    let code = Input::refused(typed, mistake);
    let page = EnterCode { csrf: visit.browser_form_token(), code, filled: false, wait: None };
    (StatusCode::UNPROCESSABLE_ENTITY, visit.show(&page, None)).into_response()
}

fn too_many(visit: &Visit, typed: &str, throttled: Throttled) -> Response {
    let minutes = throttled.minutes();
    let page = EnterCode {
        csrf: visit.browser_form_token(),
        code: Input::holding(typed),
        filled: false,
        wait: Some(minutes),
    };
    let mut response = (StatusCode::TOO_MANY_REQUESTS, visit.show(&page, None)).into_response();
    retry_after::in_minutes(&mut response, minutes);
    response
}
