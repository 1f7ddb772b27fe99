//! More than one window: they share their cookies, and pages go on in those that nobody looks at.

use std::time::Duration;

use thirtyfour::WindowHandle;
use tokio::time::{Instant, interval};

use super::{Chromium, GLANCE};

/// A window that needs longer does not open.
const PATIENCE: Duration = Duration::from_secs(30);

/// A window of the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window(WindowHandle);

impl Chromium {
    /// The window that is looked at.
    pub async fn window(&self) -> Window {
        Window(self.web.window().await.expect("there is a window"))
    }

    /// Opens another window and looks at it, as at this one.
    pub async fn open_window(&mut self) -> Window {
        let opened = Window(self.web.new_window().await.expect("a window can be opened"));
        self.turn_to(&opened).await;
        self.show_on(self.screen).await;
        opened
    }

    /// Looks at another window.
    pub async fn turn_to(&self, window: &Window) {
        self.web.switch_to_window(window.0.clone()).await.expect("the window is open");
        // A page that nobody sees draws nothing.
        self.command("Page.bringToFront", serde_json::json!({})).await;
    }

    /// Waits until there is another window than these, which a page has opened.
    ///
    /// # Panics
    /// None opens.
    pub async fn another_window(&self, known: &[&Window]) -> Window {
        let (began, mut glance) = (Instant::now(), interval(GLANCE));
        while began.elapsed() < PATIENCE {
            let open = self.web.windows().await.expect("there are windows");
            let other = open.into_iter().map(Window).find(|window| !known.contains(&window));
            if let Some(window) = other {
                return window;
            }
            glance.tick().await;
        }
        panic!("no other window opens");
    }

    /// Closes the window that is looked at, and looks at another.
    pub async fn close_window(&self, and_look_at: &Window) {
        self.web.close_window().await.expect("it can be closed");
        self.turn_to(and_look_at).await;
    }
}
