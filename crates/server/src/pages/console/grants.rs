//! By which grant types an app gets tokens — RFC 6749 §4, RFC 8628, RFC 8693.

use crate::pages::{
    input::{Mistake, Mistakes},
    texts::Texts,
};

/// The form `grants`: `grant.…` for each row, and `redirect_uris` of an app that has none yet.
#[derive(Debug, Clone)]
pub struct GrantsForm {
    /// The grant types that whoever looks at it may choose or give up.
    pub rows: Vec<GrantRow>,
    /// The app sends people here, and so has redirect URIs.
    pub sends_people: bool,
    /// What is wrong with all of them together.
    pub mistake: Option<GrantsMistake>,
}

/// A grant type.
#[derive(Debug, Clone)]
pub struct GrantRow {
    /// Its name on the wire.
    pub name: &'static str,
    /// The name without its namespace.
    pub short_name: &'static str,
    /// Keys of its texts: what it is called, and what to know of it.
    pub words: [&'static str; 2],
    /// Whether the app has it.
    pub chosen: bool,
    /// Only the operator gives it: who gives it up cannot take it again.
    pub of_operator: bool,
}

/// What is wrong with the grant types of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantsMistake {
    /// None of them is of use alone.
    None,
    /// A refresh token comes with a code or a device first.
    RefreshAlone,
    /// A public app cannot act for itself, nor exchange tokens.
    PublicMachine,
}

impl Mistake for GrantsMistake {
    fn text(&self, t: &Texts) -> String {
        match self {
            Self::None => t.of("grant.mistake_none"),
            Self::RefreshAlone => t.of("grant.mistake_refresh"),
            Self::PublicMachine => t.of("grant.mistake_public"),
        }
        .to_owned()
    }
}

impl GrantRow {
    /// What it is called.
    pub(in crate::pages) fn title(&self, t: &Texts) -> &'static str {
        let [title, _] = self.words;
        t.of(title)
    }

    /// What to know of it.
    pub(in crate::pages) fn hint(&self, t: &Texts) -> &'static str {
        let [_, hint] = self.words;
        t.of(hint)
    }
}

impl GrantsForm {
    /// Something in it is wrong, so it is not folded.
    pub(in crate::pages) const fn is_open(&self, typed_wrong: bool) -> bool {
        self.mistake.is_some() || (typed_wrong && !self.sends_people)
    }

    pub(super) fn mistakes<'t>(&self, mistakes: Mistakes<'t>) -> Mistakes<'t> {
        mistakes.field("grants", "grant.title", self.mistake.as_ref())
    }
}

fn row(name: &'static str, words: [&'static str; 2], chosen: bool) -> GrantRow {
    let short_name = name.rsplit_once(':').map_or(name, |(_, short)| short);
    GrantRow { name, short_name, words, chosen, of_operator: false }
}

fn code(chosen: bool) -> GrantRow {
    row("authorization_code", ["grant.code", "grant.code_hint"], chosen)
}

fn refresh(chosen: bool) -> GrantRow {
    row("refresh_token", ["grant.refresh", "grant.refresh_hint"], chosen)
}

fn device(chosen: bool) -> GrantRow {
    let name = "urn:ietf:params:oauth:grant-type:device_code";
    row(name, ["grant.device", "grant.device_hint"], chosen)
}

/// Of an app that signs people in.
pub(super) fn usual() -> GrantsForm {
    let rows = vec![code(true), refresh(true), device(false)];
    GrantsForm { rows, sends_people: true, mistake: None }
}

/// Of a television.
pub(super) fn television() -> GrantsForm {
    let rows = vec![code(false), refresh(true), device(true)];
    GrantsForm { rows, sends_people: false, mistake: None }
}

/// Of an app that acts for itself, which the operator gave it.
pub(super) fn machine() -> GrantsForm {
    let machine = row("client_credentials", ["grant.machine", "grant.machine_hint"], true);
    let machine = GrantRow { of_operator: true, ..machine };
    let rows = vec![code(false), refresh(false), device(false), machine];
    GrantsForm { rows, sends_people: false, mistake: None }
}

/// Of nothing that could get a token.
pub(super) fn refused() -> GrantsForm {
    GrantsForm { rows: vec![refresh(true)], sends_people: true, mistake: Some(GrantsMistake::RefreshAlone) }
}
