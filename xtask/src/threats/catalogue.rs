//! The catalogue of attacks as `docs/threats.md` holds it: one table per section, one row per attack.

use std::fmt;
use std::ops::RangeInclusive;

use anyhow::{Context, bail};
use clap::ValueEnum;

/// The longest text of an attack and of its answer, in characters: a row is read at a glance.
const LONGEST_ATTACK: usize = 160;
const LONGEST_ANSWER: usize = 120;

/// `AZ-07`, `G-33`: one or two letters and two digits. Never given to another attack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    section: String,
    number: u8,
}

impl Id {
    fn parse(text: &str) -> Option<Self> {
        let (section, number) = text.split_once('-')?;
        let letters =
            (1..=2).contains(&section.len()) && section.bytes().all(|byte| byte.is_ascii_uppercase());
        let digits = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| letters && digits)?;
        Some(Self { section: section.to_owned(), number })
    }

    /// The rows that a test is named for: `az_07_…`, `az_07_az_08_…`, `az_02_to_az_15_…`. What stands between the ends
    /// of a range is up to the catalogue.
    pub(crate) fn of_test(name: &str) -> Vec<RangeInclusive<Self>> {
        let mut found: Vec<RangeInclusive<Self>> = Vec::new();
        let mut rest = name;
        while let Some((id, after)) = Self::strip(rest) {
            found.push(id.clone()..=id);
            rest = after.strip_prefix("and_").unwrap_or(after);
            let range = after.strip_prefix("to_").and_then(Self::strip);
            if let Some((end, after)) = range
                && let Some(begin) = found.pop()
            {
                found.push(begin.start().clone()..=end);
                rest = after;
            }
        }
        found
    }

    /// The ids in a text, wherever they stand between other words.
    pub(crate) fn of_text(text: &str) -> impl Iterator<Item = Self> {
        text.split(|char: char| !char.is_alphanumeric() && !"-_".contains(char)).filter_map(Self::parse)
    }

    /// The id at the beginning, and what follows its underscore; nothing may be nameless.
    fn strip(name: &str) -> Option<(Self, &str)> {
        let (section, rest) = name.split_once('_')?;
        let (number, rest) = rest.split_once('_')?;
        let lower = section.bytes().all(|byte| byte.is_ascii_lowercase());
        let id = Self::parse(&format!("{}-{number}", section.to_ascii_uppercase()))?;
        (lower && !rest.is_empty()).then_some((id, rest))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.section, self.number)
    }
}

/// When the thing that a row attacks is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    Built,
    Later,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Built => "built",
            Self::Later => "later",
        })
    }
}

/// One attack.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: Id,
    pub(crate) stage: Stage,
    pub(crate) attack: String,
    /// The sections that it breaks.
    pub(crate) source: String,
}

/// The rows under one heading.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

/// All sections, in their order.
#[derive(Debug)]
pub(crate) struct Catalogue(Vec<Section>);

impl Catalogue {
    /// Reads the page; a row that is not well formed, too long or out of order is an error.
    pub(crate) fn parse(page: &str) -> anyhow::Result<Self> {
        let mut sections: Vec<Section> = Vec::new();
        for (at, line) in page.lines().enumerate() {
            if let Some(title) = line.strip_prefix("## ") {
                sections.push(Section { title: title.to_owned(), rows: Vec::new() });
            } else if let Some(row) = row(line).with_context(|| format!("docs/threats.md:{}", at + 1))? {
                let section = sections.last_mut().context("a row before the first heading")?;
                if section.rows.last().is_some_and(|before| before.id >= row.id) {
                    bail!("docs/threats.md:{}: {} is out of order or there twice", at + 1, row.id);
                }
                section.rows.push(row);
            }
        }
        sections.retain(|section| !section.rows.is_empty());
        Ok(Self(sections))
    }

    pub(crate) fn sections(&self) -> impl Iterator<Item = &Section> {
        self.0.iter()
    }

    pub(crate) fn row(&self, id: &Id) -> Option<&Row> {
        self.sections().flat_map(|section| &section.rows).find(|row| row.id == *id)
    }

    /// The rows that a test is named for. An id of no row is among them (a slip of the pen) if there is a section with its
    /// letters.
    pub(crate) fn rows_of_test(&self, name: &str) -> Vec<Id> {
        let ranges = Id::of_test(name);
        let rows = || self.sections().flat_map(|section| &section.rows).map(|row| &row.id);
        let ends = ranges.iter().flat_map(|range| [range.start(), range.end()]);
        let ends = ends.filter(|end| rows().any(|row| row.section == end.section));
        let mut named: Vec<Id> = ends
            .chain(rows().filter(|row| ranges.iter().any(|range| range.contains(row))))
            .cloned()
            .collect();
        named.sort();
        named.dedup();
        named
    }
}

/// The row on a line, if the line is one of a table whose first cell looks like an id.
fn row(line: &str) -> anyhow::Result<Option<Row>> {
    let Some(cells) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else {
        return Ok(None);
    };
    let cells: Vec<&str> = cells.split(" | ").collect();
    let Some(id) = cells.first().and_then(|cell| Id::parse(cell)) else { return Ok(None) };
    let [_, stage, attack, answer, source] = cells.as_slice() else {
        bail!("{id} has {} cells, a row has 5", cells.len());
    };
    let stage = match *stage {
        "built" => Stage::Built,
        "later" => Stage::Later,
        other => bail!("{id}: stage is `{other}`, write `built` or `later`"),
    };
    let (attack_length, answer_length) = (attack.chars().count(), answer.chars().count());
    if attack_length > LONGEST_ATTACK || answer_length > LONGEST_ANSWER {
        bail!(
            "{id} is too long: attack {attack_length} of {LONGEST_ATTACK}, answer {answer_length} of {LONGEST_ANSWER}"
        );
    }
    Ok(Some(Row { id, stage, attack: (*attack).to_owned(), source: (*source).to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_of_this_repository_is_well_formed() {
        let catalogue = Catalogue::parse(include_str!("../../../docs/threats.md")).unwrap();
        assert_eq!(catalogue.sections().count(), 23);
    }

    #[test]
    fn tests_are_named_by_the_ids_of_their_rows() {
        let page = "## A (AZ)\n| AZ-02 | built | a | b | c |\n| AZ-07 | built | a | b | c |\n| AZ-08 | built | a | b | c |\n";
        let catalogue = Catalogue::parse(page).unwrap();
        let named =
            |name| catalogue.rows_of_test(name).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(named("az_07_userinfo_in_the_redirect_uri"), "AZ-07");
        assert_eq!(named("az_07_az_08_only_plain_addresses"), "AZ-07 AZ-08");
        assert_eq!(named("az_08_and_az_02_x"), "AZ-02 AZ-08");
        assert_eq!(named("az_02_to_az_08_x"), "AZ-02 AZ-07 AZ-08");
        assert_eq!(named("az_07_zz_01_another_section"), "AZ-07");
        assert_eq!(named("az_02_to_be_or_not"), "AZ-02");
        assert_eq!(named("az_02_az_99_slip_of_the_pen"), "AZ-02 AZ-99");
        for name in
            ["az_7_x", "az_07", "az_07_", "azz_07_x", "AZ_07_x", "az_0a_x", "a_07_x", "zz_01_x", "azzz_07_x"]
        {
            assert_eq!(named(name), "", "{name}");
        }
    }

    #[test]
    fn ids_stand_in_prose() {
        let text = "bounded in size — threats OP-03, (G-36); RP-05/RP-06 and not P-256, UTF-16, AZ-7, X-AZ-07 or g-36";
        let found: Vec<String> = Id::of_text(text).map(|id| id.to_string()).collect();
        assert_eq!(found, ["OP-03", "G-36", "RP-05", "RP-06"]);
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said_with_its_place() {
        let page = |rows: &str| {
            format!(
                "## A (AZ)\n\n| id | stage | attack | expected answer | source |\n|---|---|---|---|---|\n{rows}"
            )
        };
        let complaint = |rows: &str| format!("{:#}", Catalogue::parse(&page(rows)).unwrap_err());
        assert!(complaint("| AZ-01 | 2 | a | b | c |\n").contains("threats.md:5: AZ-01: stage is `2`"));
        assert!(complaint("| AZ-01 | built | a | b |\n").contains("has 4 cells"));
        assert!(
            complaint("| AZ-02 | built | a | b | c |\n| AZ-01 | built | a | b | c |\n")
                .contains("threats.md:6: AZ-01 is out of order")
        );
        assert!(
            complaint("| AZ-01 | built | a | b | c |\n| AZ-01 | built | a | b | c |\n")
                .contains("there twice")
        );
        assert!(
            complaint(&format!("| AZ-01 | built | {} | b | c |\n", "a".repeat(161))).contains("161 of 160")
        );
        assert!(Catalogue::parse("| AZ-01 | built | a | b | c |\n").is_err());
    }
}
