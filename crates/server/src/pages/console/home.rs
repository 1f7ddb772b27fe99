//! The list of one's own apps.

use crate::pages::{
    Page, at,
    console::{AppStatus, ConsoleApp},
    example,
    look::{AppCard, Desk},
};

/// The console's first page.
#[derive(Debug, Clone)]
pub struct ConsoleHome {
    /// Who is signed in.
    pub desk: Desk,
    /// Their apps, newest first.
    pub apps: Vec<ListedApp>,
    /// Whether an app was deleted just now.
    pub deleted: bool,
    /// Whether they run the server.
    pub operator: bool,
}

/// An app in the list.
#[derive(Debug, Clone)]
pub struct ListedApp {
    /// The app.
    pub app: ConsoleApp,
    /// How many people are connected to it.
    pub people: u64,
}

impl Page for ConsoleHome {
    const NAME: &'static str = "console";

    template!(ConsoleHome, "pages/console_home.html");

    fn address(&self) -> Option<String> {
        Some(at::CONSOLE.to_owned())
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let empty = Self { desk: example::desk(), apps: Vec::new(), deleted: false, operator: false };
        let listed = |app, people| ListedApp { app, people };
        let notes = ConsoleApp {
            id: "app_2".to_owned(),
            card: AppCard::named("Haru Notes"),
            public: true,
            ..example::console_app()
        };
        let off = ConsoleApp { card: example::long_app(), status: AppStatus::Off, ..example::console_app() };
        let blocked = ConsoleApp { status: AppStatus::Blocked, ..notes.clone() };
        vec![
            ("empty", empty.clone()),
            (
                "apps",
                Self {
                    apps: vec![
                        listed(example::console_app(), 1_204),
                        listed(notes, 1),
                        listed(off, 0),
                        listed(blocked, 3),
                    ],
                    ..empty.clone()
                },
            ),
            ("operator", Self { operator: true, ..empty.clone() }),
            ("deleted", Self { deleted: true, ..empty }),
        ]
    }
}
