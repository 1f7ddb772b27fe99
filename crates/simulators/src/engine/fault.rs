//! What goes wrong next.

use serde::Serialize;

use super::World;

/// Something that will go wrong.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fault {
    /// The path concerned, all of the provider's when absent; one that ends in `*` is the beginning of a path.
    pub(crate) path: Option<String>,
    pub(crate) how: HowToFail,
    /// How often.
    pub(crate) times: u32,
}

/// How an answer fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HowToFail {
    /// The provider's own error by this code, or its own way of saying that it is out of order.
    Error(Option<String>),
    /// No answer for so many seconds, or never; then the usual one.
    Stall(Option<u32>),
    /// 200, and not what it says it is.
    Garbage,
    /// 200, and far too much.
    Huge,
    /// A redirect that nobody should follow.
    Redirect,
}

impl World {
    /// The fault that concerns this path, once less.
    pub(crate) fn take_fault(&mut self, path: &str) -> Option<HowToFail> {
        let concerns = |fault: &Fault| match fault.path.as_deref() {
            None => true,
            Some(wanted) => wanted.strip_suffix('*').map_or(path == wanted, |start| path.starts_with(start)),
        };
        let at = self.faults.iter().position(concerns)?;
        let fault = self.faults.get_mut(at)?;
        fault.times = fault.times.saturating_sub(1);
        let how = fault.how.clone();
        if fault.times == 0 {
            self.faults.remove(at);
        }
        Some(how)
    }
}
