//! The lists in `docs/requirements/`: what each specification demands, in our words.
//!
//! ```text
//! # RFC 7636
//!
//! ## §4.6
//!
//! - The server MUST refuse a code whose verifier does not give the challenge.
//!   tests: co_08_malformed_verifiers
//! ```
//!
//! Under a sentence may stand `tests:` and `code:` (without them: whatever cites the section), `refused:` (tests in which the
//! server refuses or ignores what a client does against the sentence), `reason:` where one of them is missing, and `not kept:`
//! where we do otherwise.

use anyhow::{Context, bail};

use super::citation;

/// Where the lists are.
pub(super) const FOLDER: &str = "docs/requirements/";

/// Whom a sentence binds.
const PARTIES: &[&str] = &["The server", "The client", "The resource server", "Everyone"];

/// How strongly.
const LEVELS: &[&str] = &["MUST", "SHALL", "SHOULD"];

/// One sentence of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Requirement {
    /// As `citation::Citation` has it.
    pub(super) specification: String,
    /// As `citation::Citation` has it.
    pub(super) section: String,
    /// `The client MUST …`.
    pub(super) sentence: String,
    /// Names of tests.
    pub(super) tests: Vec<String>,
    /// Names of tests in which the server refuses or ignores what a client does against it.
    pub(super) refused: Vec<String>,
    /// Paths of files.
    pub(super) code: Vec<String>,
    /// Why it has no code or no test of ours.
    pub(super) reason: String,
    /// Why we do otherwise.
    pub(super) not_kept: String,
}

/// Reads one list; errors name the line.
pub(super) fn parse(path: &str, text: &str) -> anyhow::Result<Vec<Requirement>> {
    let mut list = Vec::new();
    let (mut specification, mut section) = (String::new(), String::new());
    for (at, line) in text.lines().enumerate() {
        let place = || format!("{path}:{}", at + 1);
        if let Some(name) = line.strip_prefix("# ") {
            specification = cited(name).filter(|(_, section)| section.is_empty()).with_context(place)?.0;
        } else if let Some(name) = line.strip_prefix("## ") {
            section = cited(&format!("{specification} {name}")).with_context(place)?.1;
        } else if let Some(sentence) = line.strip_prefix("- ") {
            if section.is_empty() {
                bail!("{}: no `## §…` stands above", place());
            }
            list.push(Requirement {
                specification: specification.clone(),
                section: section.clone(),
                sentence: sentence.to_owned(),
                ..Requirement::default()
            });
        } else if let Some(more) = line.strip_prefix("  ") {
            let requirement = list.last_mut().with_context(|| format!("{}: belongs to nothing", place()))?;
            requirement.add(more.trim());
        } else if !line.is_empty() {
            bail!("{}: neither `# `, `## §…`, `- ` nor what stands under a sentence", place());
        }
    }
    for requirement in &list {
        requirement.judge().with_context(|| format!("{path}: {}", requirement.name()))?;
    }
    Ok(list)
}

/// Document and section of a heading.
fn cited(heading: &str) -> Option<(String, String)> {
    let (mut citations, misspellings) = citation::read(heading);
    let citation = citations.pop().filter(|_| citations.is_empty() && misspellings.is_empty())?;
    let whole = format!("{} {}", citation.specification, citation.section);
    (whole.trim() == heading).then_some((citation.specification, citation.section))
}

impl Requirement {
    /// `RFC 7636 §4.6: The server MUST …`.
    pub(super) fn name(&self) -> String {
        format!("{} {}: {}", self.specification, self.section, self.sentence)
    }

    fn add(&mut self, line: &str) {
        let names = |names: &str| names.split(", ").map(str::to_owned).collect();
        match line.split_once(": ") {
            Some(("tests", rest)) => self.tests = names(rest),
            Some(("refused", rest)) => self.refused = names(rest),
            Some(("code", rest)) => self.code = names(rest),
            Some(("reason", rest)) => self.reason = rest.to_owned(),
            Some(("not kept", rest)) => self.not_kept = rest.to_owned(),
            Some(_) | None => {
                // What goes on is what stood last.
                let last = [&mut self.not_kept, &mut self.reason].into_iter().find(|text| !text.is_empty());
                let last = last.unwrap_or(&mut self.sentence);
                last.push(' ');
                last.push_str(line);
            }
        }
    }

    /// Whether it is the client that has to keep it.
    pub(super) fn binds_the_client(&self) -> bool {
        self.sentence.starts_with("The client ")
    }

    fn judge(&self) -> anyhow::Result<()> {
        let rest = PARTIES.iter().find_map(|party| self.sentence.strip_prefix(party));
        let Some(rest) = rest.and_then(|rest| rest.strip_prefix(' ')) else {
            bail!("a sentence begins with whom it binds: {}", PARTIES.join(", "));
        };
        if !LEVELS.iter().any(|level| rest.split(' ').next() == Some(level)) {
            bail!("after whom it binds stands one of {}", LEVELS.join(", "));
        }
        if !self.sentence.ends_with('.') {
            bail!("a sentence ends with a full stop");
        }
        if !self.refused.is_empty() && !self.binds_the_client() {
            bail!("`refused` stands under what binds the client");
        }
        if !self.reason.is_empty() && !self.not_kept.is_empty() {
            bail!("`reason` or `not kept`, not both");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\
# RFC 7636

## §4.1

- The client MUST make a verifier
  for each request.
  tests: rp_08_each, rp_09_own
  code: crates/a.rs
- The server MUST NOT sleep.
  not kept: it is
  tired.
## Appendix B
- Everyone SHOULD agree.
  reason: they do.
";

    #[test]
    fn a_list_is_read_with_what_stands_under_each_sentence() {
        let list = parse("a.md", LIST).unwrap();
        let [verifier, sleep, agree] = list.as_slice() else { panic!("{list:?}") };
        assert_eq!(verifier.name(), "RFC 7636 §4.1: The client MUST make a verifier for each request.");
        assert_eq!((verifier.tests.join("|").as_str(), verifier.code.len()), ("rp_08_each|rp_09_own", 1));
        assert_eq!((sleep.not_kept.as_str(), sleep.reason.as_str()), ("it is tired.", ""));
        assert_eq!((agree.section.as_str(), agree.reason.as_str()), ("Appendix B", "they do."));
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_place() {
        for (text, wrong) in [
            ("- The client MUST wait.\n", "a.md:1: no `## §…`"),
            ("# RFC7636\n", "a.md:1"),
            ("# RFC 7636 §4\n", "a.md:1"),
            ("# RFC 7636\n## 4.1\n", "a.md:2"),
            ("# RFC 7636\n## §4.1 and more\n", "a.md:2"),
            ("# RFC 7636\n## §4\n  tests: x\n", "a.md:3: belongs to nothing"),
            ("# RFC 7636\n## §4\nwords\n", "a.md:3: neither"),
            ("# RFC 7636\n## §4\n- Verifiers MUST be long.\n", "begins with whom it binds"),
            ("# RFC 7636\n## §4\n- The client may wait.\n", "stands one of MUST"),
            ("# RFC 7636\n## §4\n- The client MUST wait\n", "full stop"),
            ("# RFC 7636\n## §4\n- The client MUST wait.\n  reason: a\n  not kept: b\n", "not both"),
            ("# RFC 7636\n## §4\n- The server MUST wait.\n  refused: a\n", "under what binds the client"),
        ] {
            let error = format!("{:#}", parse("a.md", text).unwrap_err());
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }
}
