//! Delete an app, after its name was typed.

use crate::pages::{
    Page, at,
    console::ConsoleApp,
    example,
    input::{Input, Mistake},
    look::Desk,
    texts::Texts,
};

/// Asks for the app's name before it is deleted (`name`).
#[derive(Debug, Clone)]
pub struct DeleteApp {
    /// Who is signed in, and the token of the form.
    pub desk: Desk,
    /// The app.
    pub app: ConsoleApp,
    /// How many people are connected to it.
    pub people: u64,
    /// Whether no other app knows people by the ids that it has: then these are gone with it (OIDC Core §8.1).
    pub own_ids: bool,
    /// What was typed.
    pub typed: Input<NotTheName>,
}

/// What was typed is not the app's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTheName;

impl Mistake for NotTheName {
    fn text(&self, t: &Texts) -> String {
        t.of("mistake.not_the_name").to_owned()
    }
}

impl Page for DeleteApp {
    const NAME: &'static str = "console-delete";

    template!(DeleteApp, "pages/console_delete.html");

    fn address(&self) -> Option<String> {
        Some(at::app_part(&self.app.id, "delete"))
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let fresh = Self {
            desk: example::desk(),
            app: example::console_app(),
            people: 1_204,
            own_ids: true,
            typed: Input::default(),
        };
        vec![
            ("fresh", fresh.clone()),
            ("nobody", Self { people: 0, own_ids: false, ..fresh.clone() }),
            ("wrong", Self { typed: Input::refused("나의", NotTheName), ..fresh }),
        ]
    }
}
