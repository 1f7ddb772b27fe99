//! Citations in a comment, in their one spelling: `RFC 6749 §4.1, §5.2`, `RFC 7636 Appendix B`, `OIDC Core §3.1`, `draft-ietf-… §2`.

use super::shelf;

/// One section of one specification, or all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Citation {
    /// `RFC 6749`, `OIDC Core`, `draft-…`.
    pub(super) specification: String,
    /// `§4.1`, `Appendix B`; empty when none is named.
    pub(super) section: String,
}

/// Something that was meant as a citation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Misspelling {
    /// Bytes before it.
    pub(super) at: usize,
    /// What to write instead.
    pub(super) advice: &'static str,
}

const SPACING: &str = "write `RFC 6749`: one space, no hyphen";
const SECTION: &str =
    "write `RFC 6749 §4.1` or `RFC 7636 Appendix B`: the document first, then `§` or `Appendix`";
const UNKNOWN: &str = "this section is of no known document: write `RFC 6749 §4.1` or `OIDC Core §3.1`, with the document \
                       before each list of sections; a new document is added to xtask/src/specs/shelf.rs";

/// What a text cites, and what of it is not in the one spelling.
pub(super) fn read(text: &str) -> (Vec<Citation>, Vec<Misspelling>) {
    let mut reader = Reader { text, ..Reader::default() };
    while reader.at < text.len() {
        reader.step();
    }
    (reader.citations, reader.misspellings)
}

#[derive(Default)]
struct Reader<'a> {
    text: &'a str,
    at: usize,
    citations: Vec<Citation>,
    misspellings: Vec<Misspelling>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn step(&mut self) {
        let rest = self.rest();
        let before = self.text.get(..self.at).unwrap_or_default();
        let begins_word = !before.ends_with(|char: char| char.is_alphanumeric() || "-_/#.".contains(char));
        if begins_word && let Some((specification, after)) = specification(rest) {
            self.judge_surroundings(before, after);
            self.at = self.text.len() - after.len();
            self.sections(&specification);
            return;
        }
        let misspaced =
            rest.strip_prefix("RFC").is_some_and(|rest| rest.trim_start_matches('-').starts_with(digit));
        if begins_word && misspaced {
            self.misspellings.push(Misspelling { at: self.at, advice: SPACING });
        } else if rest.starts_with('§') {
            let of_document = rest.split_once(" of RFC").is_some_and(|(number, _)| !number.contains(' '));
            let advice = if of_document { SECTION } else { UNKNOWN };
            self.misspellings.push(Misspelling { at: self.at, advice });
        }
        self.at += rest.chars().next().map_or(1, char::len_utf8);
    }

    /// "section 4.1 of RFC 6749", "RFC 6749, section 4.1", "RFC 6749 § 4.1".
    fn judge_surroundings(&mut self, before: &str, after: &str) {
        let mut words = before.split_whitespace().rev();
        let reversed = words.next() == Some("of")
            && words.next().is_some_and(|word| word.starts_with(digit))
            && words.next().is_some_and(|word| word.to_lowercase().ends_with("section"));
        let after = after.trim_start_matches([',', ' ', '(']).to_lowercase();
        let spelt_out = ["section ", "sec. ", "app. ", "§ ", "§§"].iter().any(|word| after.starts_with(word));
        if reversed || spelt_out {
            self.misspellings.push(Misspelling { at: self.at, advice: SECTION });
        }
    }

    fn sections(&mut self, specification: &str) {
        let mut cite = |section| {
            self.citations.push(Citation { specification: specification.to_owned(), section });
        };
        let mut rest = self.text.get(self.at..).unwrap_or_default();
        let mut named = false;
        while let Some((section, after)) = section(rest, named) {
            cite(section);
            named = true;
            rest = after;
        }
        if !named {
            cite(String::new());
        }
        self.at = self.text.len() - rest.len();
    }
}

fn digit(char: char) -> bool {
    char.is_ascii_digit()
}

/// The specification that the text begins with, and what follows.
fn specification(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix("RFC ") {
        let (number, rest) = split_while(rest, digit);
        let whole = number.len() >= 3 && !rest.starts_with(char::is_alphabetic);
        return whole.then(|| (format!("RFC {number}"), rest));
    }
    if text.starts_with("draft-") {
        let (name, _) = split_while(text, |char| char.is_ascii_alphanumeric() || char == '-');
        let name = name.trim_end_matches('-');
        return (name.split('-').count() >= 3).then(|| (name.to_owned(), text.split_at(name.len()).1));
    }
    let known = shelf::names().find(|name| text.starts_with(name))?;
    Some((known.to_owned(), text.strip_prefix(known)?))
}

/// The section that the text begins with, and what follows; after the first one, what may stand between two of them.
fn section(text: &str, further: bool) -> Option<(String, &str)> {
    let text = if further { past_parenthesis(text) } else { text };
    let joints: &[&str] = if further { &[", and ", ", ", " and ", " or ", "–", "/"] } else { &[" ", ", "] };
    let rest = joints.iter().find_map(|joint| {
        let rest = text.strip_prefix(joint)?;
        (rest.starts_with('§') || rest.starts_with("Appendix ")).then_some(rest)
    })?;
    let (mark, rest) = match rest.strip_prefix('§') {
        Some(rest) => ("§", rest),
        None => ("Appendix ", rest.strip_prefix("Appendix ")?),
    };
    let (number, _) = split_while(rest, |char| char.is_ascii_alphanumeric() || char == '.');
    let number = number.trim_end_matches('.');
    let wellformed = number.split('.').all(|part| !part.is_empty());
    wellformed.then(|| (format!("{mark}{number}"), rest.split_at(number.len()).1))
}

/// A remark between two sections: `§3.1.2.1 (max_age), §3.1.2.3`.
fn past_parenthesis(text: &str) -> &str {
    let remark = text.strip_prefix(" (").and_then(|text| text.split_once(')'));
    remark.map_or(text, |(_, rest)| rest)
}

fn split_while(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|char| !belongs(char)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited(text: &str) -> Vec<String> {
        let (citations, misspellings) = read(text);
        assert_eq!(misspellings, [], "{text}");
        citations
            .into_iter()
            .map(|citation| format!("{}|{}", citation.specification, citation.section))
            .collect()
    }

    #[test]
    fn the_one_spelling_is_understood() {
        assert_eq!(
            cited(
                "Code — RFC 6749 §4.1.3, §5.2 and §10.5; PKCE RFC 7636 Appendix B, replay (RFC 9700 §2.1.1)."
            ),
            ["RFC 6749|§4.1.3", "RFC 6749|§5.2", "RFC 6749|§10.5", "RFC 7636|Appendix B", "RFC 9700|§2.1.1"]
        );
        assert_eq!(
            cited("OIDC Core §3.1.2.1, OIDC Discovery §4.3"),
            ["OIDC Core|§3.1.2.1", "OIDC Discovery|§4.3"]
        );
        assert_eq!(
            cited("OIDC RP-Initiated Logout §2–§3"),
            ["OIDC RP-Initiated Logout|§2", "OIDC RP-Initiated Logout|§3"]
        );
        assert_eq!(
            cited("draft-ietf-oauth-rfc7523bis-01 §4, then draft-ietf-oauth-v2-1."),
            ["draft-ietf-oauth-rfc7523bis-01|§4", "draft-ietf-oauth-v2-1|"]
        );
        assert_eq!(cited("RFC 6749 §3.1 (`a`, `b`), §3.2 (c)"), ["RFC 6749|§3.1", "RFC 6749|§3.2"]);
        assert_eq!(cited("as RFC 8414 says"), ["RFC 8414|"]);
    }

    #[test]
    fn what_only_looks_like_a_citation_is_none() {
        for text in
            ["XRFC 6749", "RFC 1", "RFC", "OIDC is old", "a draft-horse", "https://x/draft-ietf-oauth-x"]
        {
            assert_eq!(cited(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn other_spellings_are_noticed() {
        for text in [
            "RFC6749 §4.1",
            "RFC-6749",
            "RFC 6749, section 4.1",
            "RFC 6749 Section 4.1",
            "RFC 6749 § 4.1",
            "RFC 7636 App. B",
            "section 4.1 of RFC 6749",
            "§4.1 of RFC 6749",
            "Core §3.1.2.1",
            "OpenID Connect Core 1.0 §3.1",
            "as §4.1 says",
            "RFC 6749 §.",
            "RFC 6265bis §4.1",
        ] {
            assert!(!read(text).1.is_empty(), "{text}");
        }
        for text in ["the rules of RFC 6749", "of section 4", "rfc6749.txt", "appendix B"] {
            assert_eq!(read(text).1, [], "{text}");
        }
    }

    #[test]
    fn a_misspelling_is_reported_where_it_stands() {
        assert_eq!(
            read("— RFC 6749 §4.1; Core §3").1,
            [Misspelling { at: "— RFC 6749 §4.1; Core ".len(), advice: UNKNOWN }]
        );
    }
}
