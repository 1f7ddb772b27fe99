//! Names and values below each other, for people.

use std::fmt;

use mapae_protocol::time::Timestamp;

/// Lines of a name and a value, the values in one column. A value may have several lines.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, String)>);

impl Fields {
    /// One more line.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// One more line if there is a value.
    pub(super) fn with_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        let mut first = true;
        for (name, value) in &self.0 {
            for (position, line) in value.lines().enumerate() {
                let name = if position == 0 { name } else { "" };
                let feed = if first { "" } else { "\n" };
                write!(f, "{feed}{name:width$}  {line}")?;
                first = false;
            }
        }
        Ok(())
    }
}

/// A point in time in UTC (RFC 3339); the bare number where the calendar ends.
pub(super) fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.unix()).map_or_else(|_| at.unix().to_string(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_one_column() {
        let fields = Fields::default()
            .with("name", "나의 서비스")
            .with("redirect URIs", "https://a.example\nhttps://b.example")
            .with("empty", "")
            .with_some("owner", None::<String>);
        assert_eq!(
            fields.to_string(),
            "name           나의 서비스\nredirect URIs  https://a.example\n               https://b.example"
        );
    }

    #[test]
    fn points_in_time_are_read_by_people() {
        assert_eq!(moment(Timestamp::from_unix(1_800_000_000)), "2027-01-15T08:00:00Z");
        assert_eq!(moment(Timestamp::from_unix(i64::MAX)), i64::MAX.to_string());
    }
}
