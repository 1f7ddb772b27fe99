//! A new secret, shown this once.

use crate::pages::{Page, console::ConsoleApp, example, look::Desk, moment::Moment};

/// Shows a secret; only its hash is kept.
#[derive(Clone)]
pub struct SecretOnce {
    /// Who is signed in.
    pub desk: Desk,
    /// The app.
    pub app: ConsoleApp,
    /// The secret.
    pub secret: String,
    /// When the one before it stops to work; `None` when it is the first one or the one before is dead already.
    pub former_until: Option<Moment>,
}

impl std::fmt::Debug for SecretOnce {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretOnce").field("app", &self.app.id).finish_non_exhaustive()
    }
}

impl Page for SecretOnce {
    const NAME: &'static str = "console-secret";

    template!(SecretOnce, "pages/console_secret.html");

    fn address(&self) -> Option<String> {
        None
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let first = Self {
            desk: example::desk(),
            app: example::console_app(),
            secret: "mps_0vJr4uC2nKx8bQeTzW6yLhP1mAs9dFg3RiXo7UkEw5Y".to_owned(),
            former_until: None,
        };
        vec![
            ("first", first.clone()),
            ("rotated", Self { former_until: Some(example::minutes_ago(-1_440)), ..first }),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_not_in_debug_output() {
        for (_, page) in SecretOnce::samples() {
            assert!(!format!("{page:?}").contains("mps_"));
        }
    }
}
