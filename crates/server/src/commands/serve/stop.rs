//! When the server stops: told by a signal, or because its database is damaged.

use std::{future::Future, io, process, sync::Arc};

use tokio::sync::watch;

use crate::{commands::failure, store::db::FatalHook};

/// Why the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Reason {
    /// Somebody said so.
    Told,
    /// The disk failed while writing: nothing can be acknowledged any more.
    Damage,
}

/// Holds the first reason to stop. Clones share it.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Stop(watch::Sender<Option<Reason>>);

impl Stop {
    /// Listens to SIGINT and SIGTERM from now on. The second one ends the process at once.
    pub(in crate::commands) fn watch() -> io::Result<Self> {
        let stop = Self(watch::Sender::new(None));
        let mut signals = Signals::new()?;
        let told = stop.clone();
        tokio::spawn(async move {
            signals.next().await;
            tracing::info!("stopping; requests that are there are answered first");
            told.request(Reason::Told);
            signals.next().await;
            process::exit(i32::from(failure::NOT_DONE));
        });
        Ok(stop)
    }

    /// Stops the server, unless it stops already.
    pub(in crate::commands) fn request(&self, reason: Reason) {
        self.0.send_if_modified(|first| {
            let new = first.is_none();
            first.get_or_insert(reason);
            new
        });
    }

    /// Ends when there is a reason to stop.
    pub(in crate::commands) fn requested(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut reasons = self.0.subscribe();
        async move {
            // The sender lives as long as the server.
            let _ = reasons.wait_for(Option::is_some).await;
        }
    }

    pub(in crate::commands) fn reason(&self) -> Option<Reason> {
        *self.0.borrow()
    }

    /// For the database, which has logged what happened when it calls this.
    pub(in crate::commands) fn fatal_hook(&self) -> FatalHook {
        let stop = self.clone();
        Arc::new(move |_| stop.request(Reason::Damage))
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a way to hear it nobody can stop the server gently, which is no reason to stop it.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_stands() {
        let stop = Stop(watch::Sender::new(None));
        let requested = stop.requested();
        (stop.fatal_hook())("the disk is gone");
        requested.await;
        stop.request(Reason::Told);
        assert_eq!(stop.reason(), Some(Reason::Damage));
        stop.requested().await;
    }
}
