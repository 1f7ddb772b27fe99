//! `mapae api list`.

use std::fmt;

use serde::Serialize;

use super::view::View;
use crate::{
    cli::Common,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::apis,
};

/// All APIs, the oldest first.
#[derive(Debug, Serialize)]
struct List {
    apis: Vec<View>,
}

/// Lists all APIs with their scopes.
pub(in crate::commands) async fn run(common: &Common) -> Result<Answer, Failure> {
    Data::with(common, async |data| {
        let apis = apis::all(&data.db).await?.into_iter().map(View::from).collect();
        Answer::of(&List { apis })
    })
    .await
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.apis.is_empty() {
            return f.write_str("There is no API yet: `mapae api create --help` says how to register one.");
        }
        for (position, api) in self.apis.iter().enumerate() {
            let gap = if position == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{api}")?;
        }
        Ok(())
    }
}
