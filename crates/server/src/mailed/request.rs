//! Asking for a mail — threats SE-15, OP-12.

use axum::response::Response;

use crate::{
    accounts::{
        EmailAddress, mailed_link,
        post_office::{self, Order},
        throttle,
    },
    interaction::{Errand, PageError, Step, Visit},
    pages::mailed::{MailPurpose, MailSent},
    store::{Concealed, mail_orders::Matter},
};

/// Orders the mail and says that it is on its way, in any case: an unknown address, a known one and one that
/// had its share of mails look the same. The order is on disk before it is said.
pub(super) async fn order(
    visit: &Visit,
    step: &Step,
    purpose: MailPurpose,
    email: EmailAddress,
) -> Result<Response, PageError> {
    let matter = match purpose {
        MailPurpose::SignUp => Matter::SignUp,
        MailPurpose::Reset => Matter::Reset,
    };
    let page = MailSent {
        step: visit.seal(step).await?,
        purpose,
        email: email.to_string(),
        minutes: mailed_link::minutes(purpose),
    };
    if admit(visit, &email) {
        // However large, it waits in the link's row: only the browser that asked can go on with it.
        let carried = Some(Concealed::from(step.seal_whole(visit)?));
        let order = Order::new(matter, &email, visit.locale(Some(step)), carried);
        post_office::take(&visit.app, order.coming_from(app_of(step))).await?;
    }
    Ok(visit.show(&page, Some(step)))
}

/// The app that began the step.
fn app_of(step: &Step) -> Option<String> {
    match &step.errand {
        Errand::Authorize(authorize) => Some(authorize.target.client_id.as_str().to_owned()),
        // Its mail is about the account alone: the person comes back to the device, not to the app.
        Errand::Visit(_) | Errand::Confirm(_) | Errand::Connect(_) | Errand::Device(_) => None,
    }
}

/// Whether this source and this address may have another mail. They are not told: the answer would tell who
/// else asks about an address.
fn admit(visit: &Visit, email: &EmailAddress) -> bool {
    let (throttle, now) = (visit.app.throttle(), visit.app.now());
    // Sign-in attempts have the same budget, and must not share it.
    let source = format!("mail {}", visit.context.client.throttle_key());
    let admitted = throttle.charge(throttle::MAIL_SOURCE, &source, now);
    let admitted = admitted.and_then(|()| throttle.charge(throttle::MAIL, email.as_str(), now));
    if admitted.is_err() {
        tracing::info!(request_id = %visit.context.id, "a mail was not sent: too many were asked for");
    }
    admitted.is_ok()
}
