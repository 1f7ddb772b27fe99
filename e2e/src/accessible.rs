//! Pages for everybody: with a keyboard, with a screen reader, on a narrow screen — WCAG 2.2.

use serde_json::{Value, json};
use thirtyfour::Key;

use crate::chromium::Chromium;

/// Every page has at least a link, a button and the other language.
const FEWEST_STOPS: usize = 3;
/// No page has more.
const MOST_STOPS: usize = 300;

/// Looks at the page as it is shown now.
///
/// # Panics
/// Somebody cannot use it.
pub async fn sane(chromium: &Chromium, page: &str) {
    let screen = chromium.screen();
    let found = chromium.ask(include_str!("accessible/page.js"), vec![json!(screen.width)]).await;
    assert_eq!(found, json!([]), "{page} in {} at {} px", screen.language, screen.width);
}

/// Walks through the page with the tabulator: forward only, and always to be seen.
///
/// # Panics
/// The keyboard gets lost.
pub async fn walk(chromium: &Chromium, page: &str) {
    let mut last = -1;
    for stops in 0..MOST_STOPS {
        chromium.press(Key::Tab).await;
        let focus = chromium.ask(include_str!("accessible/focus.js"), Vec::new()).await;
        let Some(place) = focus.get("place").and_then(Value::as_i64) else {
            assert!(stops >= FEWEST_STOPS, "the keyboard reaches {stops} elements on {page}");
            return;
        };
        if place <= last {
            // Come round: it was looked at before, and the page may still be on its way back to it.
            assert!(stops >= FEWEST_STOPS, "the keyboard reaches {stops} elements on {page}");
            return;
        }
        assert_eq!(focus.get("seen"), Some(&json!(true)), "no focus to be seen on {page}: {focus}");
        // WCAG 2.2, focus not obscured.
        assert_eq!(focus.get("covered"), Some(&Value::Null), "the focus is covered on {page}: {focus}");
        last = place;
    }
    panic!("the keyboard does not come round on {page}");
}
