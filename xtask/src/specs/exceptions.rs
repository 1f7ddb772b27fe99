//! Sections that the code cites and no test holds, each with the reason. One that is not needed any more is an error.

/// Specification, section and reason. An empty section is the document without one.
pub(super) const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("RFC 3339", "", NAMED),
    ("RFC 5322", "", NAMED),
    ("RFC 6749", "§1.1", "the words for who takes part"),
    ("RFC 6749", "§1.3", "the words for what a person gives"),
    ("RFC 6749", "§1.5", "what a refresh token is; its rules are those of §6 and §10.4"),
    ("RFC 6749", "§4", "every grant has a section of its own"),
    ("RFC 6749", "§5", "§5.1 and §5.2 are held"),
    ("RFC 6749", "§7", "§7.1 is held, and RFC 6750 with it"),
    ("RFC 7578", "", NAMED),
    ("RFC 7592", "§1.1", "the words for the endpoint and its token"),
    ("RFC 8176", "", NAMED),
    ("RFC 8417", "§2.2", "`jti` is a name; that a notice works once is decision 0111"),
    ("RFC 8446", "", NAMED),
    ("RFC 9112", "", NAMED),
];

/// A comment names the document and no rule of it.
const NAMED: &str = "the document is named; its sections are rows of their own";
