//! `mapae upstream list`.

use std::fmt;

use serde::Serialize;

use super::{all, view::View, with};
use crate::{
    cli::Common,
    commands::{answer::Answer, failure::Failure},
};

/// All providers.
#[derive(Debug, Serialize)]
struct List {
    upstreams: Vec<View>,
}

/// Lists all providers.
pub(in crate::commands) async fn run(common: &Common) -> Result<Answer, Failure> {
    with(common, async |data| {
        let upstreams = all(data).await?;
        let upstreams = upstreams.iter().map(|known| View::of(known, &data.config.site)).collect();
        Answer::of(&List { upstreams })
    })
    .await
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.upstreams.is_empty() {
            return f.write_str("There is no provider yet: `mapae upstream add --help` says how to add one.");
        }
        for (position, upstream) in self.upstreams.iter().enumerate() {
            let gap = if position == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{upstream}")?;
        }
        Ok(())
    }
}
