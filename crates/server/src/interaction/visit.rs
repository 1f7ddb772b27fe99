//! One request of a person's browser: who they are, in what language, and how to answer.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    locale::Locale,
    params::{Limits, Params},
};

use super::{Browser, PageError, Step, StepError};
use crate::{
    accounts::{Passwords, session},
    app::App,
    fault::{Artefact, Fault},
    http::{
        RequestContext,
        cookies::Life,
        cross_site,
        form::{self, FormError},
    },
    pages::{self, Page},
    store::sessions::SignedIn,
};

/// What is known before a page's own work begins.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) app: App,
    pub(crate) headers: HeaderMap,
    pub(crate) uri: Uri,
    pub(crate) browser: Browser,
    /// The living session of this browser.
    pub(crate) session: Option<SignedIn>,
    /// The query of a GET, the form of a POST.
    pub(crate) params: Params,
    pub(crate) context: RequestContext,
    /// A form was sent: something may change.
    pub(crate) posted: bool,
    /// Nobody will see the answer: nothing may come of it (AZ-41).
    pub(crate) unseen: bool,
    /// Chosen by a click just now.
    switched: Option<Locale>,
}

/// The parameter by which a person switches the language of a page.
const LANG: &str = "lang";
/// For how long a chosen language is remembered.
const LOCALE_LIFE: mapae_protocol::time::Seconds = mapae_protocol::time::Seconds::days(365);

/// Runs a page: every failure becomes a page of its own, in the person's language.
pub(crate) async fn page<F>(app: App, request: Request, work: impl FnOnce(Visit) -> F) -> Response
where
    F: Future<Output = Result<Response, PageError>>,
{
    let (parts, body) = request.into_parts();
    let context = parts.extensions.get::<RequestContext>().copied();
    let locale = spoken(&app, &parts.headers);
    let Some(context) = context else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let visit = match Visit::begin(app, parts, body, context).await {
        Ok(visit) => visit,
        Err(error) => return error.page(locale, context.id),
    };
    let locale = visit.locale(None);
    let cookies = visit.cookies();
    let mut response = work(visit).await.unwrap_or_else(|error| error.page(locale, context.id));
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// What a form brings besides its step may be sealed under a key that another node has made a moment ago: then the
/// keys are read again.
async fn know_keys(app: &App, headers: &HeaderMap, params: &Params) -> Result<(), Fault> {
    let token = params.one(super::forms::FIELD).ok().flatten();
    for sealed in [token, app.cookies().known.read(headers)].into_iter().flatten() {
        app.keys_for(sealed).await?;
    }
    Ok(())
}

impl Visit {
    async fn begin(
        app: App,
        parts: Parts,
        body: axum::body::Body,
        context: RequestContext,
    ) -> Result<Self, PageError> {
        let Parts { method, uri, headers, extensions, .. } = parts;
        let posted = method == Method::POST;
        let unseen = !posted && cross_site::is_unseen(&method, &headers);
        let params = if posted {
            // Some pages have larger forms, and say so.
            let usual = Limits { bytes: app.config().limits.form_bytes, ..Limits::REQUEST };
            form::read_within(&headers, body, extensions.get().copied().unwrap_or(usual)).await?
        } else {
            let query = uri.query().unwrap_or_default();
            Params::parse(query.as_bytes(), Limits::REQUEST).map_err(FormError::from)?
        };
        let switched = params.one(LANG).ok().flatten().and_then(Locale::parse);
        if posted {
            know_keys(&app, &headers, &params).await?;
        }
        let session = session::current(&app, &headers).await?;
        let browser = Browser::of(&headers, &app.cookies().browser);
        Ok(Self { app, headers, uri, browser, session, params, context, posted, unseen, switched })
    }

    /// The language to speak: just clicked, wished by the app, chosen before, known of the person, of the browser.
    pub(crate) fn locale(&self, step: Option<&Step>) -> Locale {
        let known = self.session.as_ref().and_then(|signed_in| signed_in.user.locale.as_deref());
        self.switched
            .or_else(|| step.and_then(|step| step.locale))
            .or_else(|| chosen(&self.app, &self.headers))
            .or_else(|| known.and_then(Locale::parse))
            .unwrap_or_else(|| spoken(&self.app, &self.headers))
    }

    /// A parameter; repeated is an error.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, PageError> {
        self.params.one(name).map_err(|_| PageError::BadRequest)
    }

    /// Hashing on behalf of this request's client.
    pub(crate) fn passwords(&self) -> Passwords {
        self.app.passwords().asked_by(self.context.client.ip())
    }

    /// The step of this page; a language just chosen goes on with it.
    pub(crate) async fn step(&self) -> Result<Option<Step>, PageError> {
        let Some(text) = self.one("step")? else { return Ok(None) };
        let mut step = Step::open(text, &self.app, &self.browser).await?;
        step.locale = self.switched.or(step.locale);
        Ok(Some(step))
    }

    /// Seals a step for this browser.
    pub(crate) async fn seal(&self, step: &Step) -> Result<String, StepError> {
        step.seal(self).await
    }

    /// Shows a page.
    pub(crate) fn show<P: Page>(&self, page: &P, step: Option<&Step>) -> Response {
        pages::render(page, self.locale(step)).into_response()
    }

    /// Cookies that the answer brings, whatever it is. A form that comes without the browser's cookie may be our own, from
    /// a browser that has lost it, or one of another site, with which the browser sends none: there a new one would take the
    /// place of that which sign-ins under way are bound to (SE-04).
    fn cookies(&self) -> Vec<HeaderValue> {
        let browser = self.browser.set_cookie(&self.app.cookies().browser).filter(|_| !self.posted);
        let locale = self
            .switched
            .and_then(|locale| self.app.cookies().locale.set(locale.as_str(), Life::For(LOCALE_LIFE)).ok());
        [browser, locale].into_iter().flatten().collect()
    }
}

fn chosen(app: &App, headers: &HeaderMap) -> Option<Locale> {
    app.cookies().locale.read(headers).and_then(Locale::parse)
}

fn spoken(app: &App, headers: &HeaderMap) -> Locale {
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    chosen(app, headers).or_else(|| header.and_then(Locale::from_accept_language)).unwrap_or(Locale::Ko)
}

/// A redirect within these pages, or on to an app: 303, so that no password is ever posted again (RFC 9700 §4.12).
pub(crate) fn see_other(address: &str) -> Result<Response, Fault> {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let value = HeaderValue::try_from(address).map_err(Fault::encoding(Artefact::Address))?;
    response.headers_mut().insert(header::LOCATION, value);
    Ok(response)
}
