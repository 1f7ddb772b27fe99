//! The pages that people see: one struct, one template and its samples each.
//!
//! A page is plain data. [`render`] turns it into HTML in one of the [`Locale`]s together with the policy that the
//! browser must apply to it; answering with the [`Html`] sends every security header, so none can be forgotten.
//! Text lives in `locales/*.toml`, looks in `assets/`, markup in `templates/`; nothing here reads a store or a clock.

/// Implements [`Page::write`] with an askama template over `page` (the page) and `t` (its texts).
macro_rules! template {
    ($page:ty, $path:tt) => {
        fn write(
            &self,
            t: $crate::pages::texts::Texts,
            frame: $crate::pages::frame::Frame,
        ) -> Result<String, askama::Error> {
            use askama::Template as _;

            use $crate::pages::at;

            #[derive(askama::Template)]
            #[template(path = $path)]
            struct View<'a> {
                page: &'a $page,
                t: $crate::pages::texts::Texts,
                frame: $crate::pages::frame::Frame,
            }
            View { page: self, t, frame }.render()
        }
    };
}

pub mod account;
pub mod assets;
pub mod at;
pub mod blocked;
pub mod brands;
pub mod browser;
pub mod connected_service;
pub mod consent;
pub mod console;
pub mod deletion;
pub mod detour;
pub mod device;
mod example;
pub mod form_post;
mod frame;
pub mod html;
pub mod input;
pub mod letters;
pub mod look;
pub mod mailed;
pub mod moment;
pub mod password;
pub mod policy;
pub mod scope_text;
pub mod select_account;
pub mod setup;
pub mod shown;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod terms;
pub mod texts;
pub mod upstream_connect;
pub mod upstream_sign_up;

#[cfg(test)]
mod every_page;
#[cfg(test)]
mod every_text;
#[cfg(test)]
mod hostile;

use mapae_protocol::locale::Locale;

use crate::http::RequestId;
use crate::pages::frame::Frame;
pub use crate::pages::html::Html;
use crate::pages::policy::FormTarget;
use crate::pages::texts::Texts;

/// One page of the server.
pub trait Page: Sized {
    /// Short name, used for samples, screenshots and logs.
    const NAME: &'static str;

    /// Address that shows this page again by GET, so that its language can be switched; `None` when there is none
    /// (a page that shows a secret once, an answer on its way to an app).
    fn address(&self) -> Option<String>;

    /// Where the forms of this page may lead besides this server: after a POST that ends in a redirect to an app
    /// the browser applies `form-action` to that redirect, too, and to those of the app.
    fn form_target(&self) -> FormTarget {
        FormTarget::OwnOrigin
    }

    /// What it frames, as source expressions of its policy (CSP3 §6.1.10).
    fn framed(&self) -> Vec<String> {
        Vec::new()
    }

    /// Writes the page with its template.
    ///
    /// # Errors
    /// Only what the template engine reports.
    fn write(&self, t: Texts, frame: Frame) -> Result<String, askama::Error>;

    /// The page in each of its states, by name: tests and screenshots show them.
    fn samples() -> Vec<(&'static str, Self)>;
}

/// Renders a page. A template that cannot be written (it has no way to fail but memory) gives a plain apology.
pub fn render<P: Page>(page: &P, locale: Locale) -> Html {
    let frame = Frame::new(page.address(), locale);
    match page.write(Texts::new(locale), frame) {
        Ok(body) => Html::new(body, page.form_target().policy(&page.framed())),
        Err(error) => {
            tracing::error!(request_id = RequestId::current(), page = P::NAME, %error, "page not rendered");
            Html::apology(locale)
        }
    }
}

/// One rendered sample of one page.
#[derive(Debug)]
pub struct Sample {
    /// [`Page::NAME`].
    pub page: &'static str,
    /// Name of the state shown.
    pub state: &'static str,
    /// The result.
    pub html: Html,
}

/// Renders the samples of one page; an entry of [`PAGES`].
pub type Samples = fn(Locale) -> Vec<Sample>;

/// Every page of the server. A page that is not listed here is not tested, so its tests find it missing.
pub const PAGES: &[Samples] = &[
    samples::<sign_in::SignIn>,
    samples::<select_account::SelectAccount>,
    samples::<sign_up::SignUp>,
    samples::<sign_up::FinishSignUp>,
    samples::<upstream_sign_up::UpstreamSignUp>,
    samples::<upstream_connect::UpstreamConnect>,
    samples::<terms::TermsPage>,
    samples::<mailed::MailSent>,
    samples::<mailed::LinkDead>,
    samples::<password::ForgotPassword>,
    samples::<password::NewPassword>,
    samples::<setup::Setup>,
    samples::<consent::Consent>,
    samples::<device::EnterCode>,
    samples::<device::ConfirmDevice>,
    samples::<device::DeviceDone>,
    samples::<account::AccountHome>,
    samples::<connected_service::ServicePage>,
    samples::<connected_service::Disconnect>,
    samples::<console::home::ConsoleHome>,
    samples::<console::new_app::NewApp>,
    samples::<console::app::AppPage>,
    samples::<console::secret::SecretOnce>,
    samples::<console::delete_app::DeleteApp>,
    samples::<console::upstreams::Upstreams>,
    samples::<sign_out::SignOut>,
    samples::<sign_out::SignedOut>,
    samples::<blocked::Blocked>,
    samples::<detour::Detour>,
    samples::<deletion::DeletionPage>,
    samples::<form_post::FormPost>,
];

fn samples<P: Page>(locale: Locale) -> Vec<Sample> {
    let rendered =
        |(state, page): (&'static str, P)| Sample { page: P::NAME, state, html: render(&page, locale) };
    P::samples().into_iter().map(rendered).collect()
}
