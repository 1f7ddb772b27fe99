//! Register an app — RFC 6749 §2.

use crate::{
    accounts::NameMistake,
    pages::{
        Page, at,
        console::addresses::{AddressMistake, AddressMistakes, AddressProblem},
        example,
        input::{FoundMistake, Input, Mistakes},
        look::Desk,
        texts::Texts,
    },
};

/// The form for a new app.
#[derive(Debug, Clone)]
pub struct NewApp {
    /// Who is signed in, and the token of the form.
    pub desk: Desk,
    /// Its name (`name`).
    pub name: Input<NameMistake>,
    /// Whether it is a public client (`kind`: `confidential`, `public`).
    pub public: bool,
    /// Whether it runs on a device without a browser (`device`: `on`).
    pub device: bool,
    /// Redirect URIs, one per line (`redirect_uris`).
    pub redirect_uris: Input<AddressMistakes>,
    /// One has this many apps already and may have no more.
    pub limit_reached: Option<u32>,
}

impl NewApp {
    fn mistakes(&self, t: &Texts) -> Vec<FoundMistake> {
        Mistakes::new(t)
            .field("name", "app.name", self.name.mistake.as_ref())
            .field("redirect_uris", "app.redirect_uris", self.redirect_uris.mistake.as_ref())
            .found()
    }
}

impl Page for NewApp {
    const NAME: &'static str = "console-new";

    template!(NewApp, "pages/console_new.html");

    fn address(&self) -> Option<String> {
        Some(at::NEW_APP.to_owned())
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let fresh = Self {
            desk: example::desk(),
            name: Input::default(),
            public: false,
            device: false,
            redirect_uris: Input::default(),
            limit_reached: None,
        };
        let instead = Some("https://example.com/cb".to_owned());
        let wrong = AddressMistake { line: 2, why: AddressProblem::NotHttps, instead };
        vec![
            ("fresh", fresh.clone()),
            (
                "refused",
                Self {
                    name: Input::refused("", NameMistake::Missing),
                    public: true,
                    redirect_uris: Input::refused(
                        "https://calendar.example.com/callback\nhttp://example.com/cb",
                        AddressMistakes(vec![wrong]),
                    ),
                    ..fresh.clone()
                },
            ),
            (
                "television",
                Self { name: Input::holding("거실 TV"), public: true, device: true, ..fresh.clone() },
            ),
            ("full", Self { limit_reached: Some(50), ..fresh }),
        ]
    }
}
