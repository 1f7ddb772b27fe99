//! A link as its page finds it, and where the person goes on afterwards.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    accounts::{mailed_link, session::Begun},
    interaction::{PageError, Step, StepError, Visit, form_target, see_other},
    pages::{
        at,
        mailed::{LinkDead, MailPurpose},
        policy::FormTarget,
    },
    store::links::{Link, Purpose},
};

/// A link that may still be used.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) token: String,
    pub(super) link: Link,
    /// What the person was on the way to, in the browser that began it; none in any other.
    pub(super) step: Option<Step>,
}

impl Opened {
    /// The link of a page's address or form, if it is one for this purpose and may still be used.
    pub(super) async fn find(visit: &Visit, purpose: Purpose) -> Result<Option<Self>, PageError> {
        let Some(token) = visit.one("token")? else { return Ok(None) };
        let Some(link) = mailed_link::find(&visit.app, token, purpose).await? else { return Ok(None) };
        let step = match &link.payload {
            None => None,
            Some(sealed) => match Step::open(sealed.expose(), &visit.app, &visit.browser).await {
                Ok(step) => Some(step),
                Err(StepError::Foreign | StepError::Over | StepError::Full) => None,
                Err(StepError::Fault(fault)) => return Err(fault.into()),
            },
        };
        Ok(Some(Self { token: token.to_owned(), link, step }))
    }

    /// What the store knows of the token.
    pub(super) fn digest(&self) -> String {
        mailed_link::digest(&self.token)
    }

    /// Where the redirects after this page's form may end.
    pub(super) fn target(&self) -> FormTarget {
        self.step.as_ref().map_or(FormTarget::OwnOrigin, form_target)
    }

    /// Goes on, signed in, with what the person was on the way to, or to their account. The session is part of
    /// the unit that used the link: there is no moment at which one of both is there without the other.
    pub(super) async fn go_on(self, visit: &Visit, begun: Begun) -> Result<Response, PageError> {
        let address = match self.step {
            None => at::ACCOUNT.to_owned(),
            Some(step) => {
                let step = Step { signed_in: Some(begun.session_id.clone()), ..step };
                at::step(at::CONTINUE, &visit.seal(&step).await?)
            }
        };
        let mut response = see_other(&address)?;
        begun.give_cookies(response.headers_mut());
        Ok(response)
    }
}

/// The page of a link that does not work (any more): why is not told.
pub(super) fn dead(visit: &Visit, purpose: Option<MailPurpose>) -> Response {
    (StatusCode::GONE, visit.show(&LinkDead { purpose }, None)).into_response()
}
