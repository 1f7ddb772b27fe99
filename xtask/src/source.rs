//! Rust source as the tasks see it: each line split into code and comment, the inside of literals left out.

use std::mem::take;

/// One line of a file.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// The code; of a literal only its quotes remain.
    pub(crate) code: String,
    pub(crate) comment: Option<Comment>,
    /// The line lies, at least partly, inside a literal of several lines.
    literal: bool,
}

/// What a comment says on one line, without its marks.
#[derive(Debug)]
pub(crate) struct Comment {
    pub(crate) kind: CommentKind,
    pub(crate) text: String,
}

/// What a comment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommentKind {
    /// `//!`: the module around it.
    Inner,
    /// `///`: the item below it.
    Outer,
    /// `//`: whatever stands near.
    Plain,
}

impl Line {
    /// Counts as a line of code: neither blank nor only a comment.
    pub(crate) fn is_code(&self) -> bool {
        self.literal || !self.code.trim().is_empty()
    }
}

/// Splits a file into its lines.
pub(crate) fn scan(text: &str) -> Vec<Line> {
    Lexer { rest: text, done: Vec::new(), line: Line::default() }.run()
}

struct Lexer<'a> {
    rest: &'a str,
    done: Vec<Line>,
    line: Line,
}

impl Lexer<'_> {
    fn run(mut self) -> Vec<Line> {
        while !self.rest.is_empty() {
            if self.eat("//") {
                self.line_comment();
            } else if self.eat("/*") {
                self.block_comment();
            } else if let Some(hashes) = self.eat_raw_quote() {
                self.raw_string(hashes);
            } else if self.eat("\"") {
                self.string();
            } else if self.eat("'") {
                self.quote();
            } else {
                self.code();
            }
        }
        if !self.line.code.is_empty() || self.line.comment.is_some() || self.line.literal {
            self.end_line();
        }
        self.done
    }

    fn eat(&mut self, mark: &str) -> bool {
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn bump(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn end_line(&mut self) {
        self.done.push(take(&mut self.line));
    }

    fn code(&mut self) {
        match self.bump() {
            Some('\n') => self.end_line(),
            Some(char) => self.line.code.push(char),
            None => {}
        }
    }

    fn comment(&mut self, kind: CommentKind, text: &str) {
        let comment = self.line.comment.get_or_insert_with(|| Comment { kind, text: String::new() });
        comment.text.push_str(text);
    }

    fn line_comment(&mut self) {
        let end = self.rest.find('\n').unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        let kind = match text.as_bytes() {
            [b'!', ..] => CommentKind::Inner,
            [b'/', b'/', ..] => CommentKind::Plain,
            [b'/', ..] => CommentKind::Outer,
            _ => CommentKind::Plain,
        };
        self.comment(kind, text.trim_start_matches(['/', '!']));
    }

    fn block_comment(&mut self) {
        let kind = match self.rest.as_bytes() {
            [b'!', ..] => CommentKind::Inner,
            [b'*', next, ..] if !b"*/".contains(next) => CommentKind::Outer,
            _ => CommentKind::Plain,
        };
        self.comment(kind, "");
        let mut depth = 1;
        while depth > 0 && !self.rest.is_empty() {
            if self.eat("/*") {
                depth += 1;
            } else if self.eat("*/") {
                depth -= 1;
            } else if self.eat("\n") {
                self.end_line();
                self.comment(kind, "");
            } else if let Some(char) = self.bump() {
                self.comment(kind, char.encode_utf8(&mut [0; 4]));
            }
        }
    }

    /// `r"`, `r#"`, `br##"`, `cr"` …: the number of hashes. `r#type` is a name, not a string.
    fn eat_raw_quote(&mut self) -> Option<usize> {
        if self.line.code.ends_with(|char: char| char.is_alphanumeric() || char == '_') {
            return None;
        }
        let after = self.rest.strip_prefix(['b', 'c']).unwrap_or(self.rest).strip_prefix('r')?;
        let quote = after.trim_start_matches('#');
        self.rest = quote.strip_prefix('"')?;
        Some(after.len() - quote.len())
    }

    fn raw_string(&mut self, hashes: usize) {
        let end = format!("\"{}", "#".repeat(hashes));
        self.line.code.push('"');
        while !self.rest.is_empty() && !self.eat(&end) {
            self.literal_char();
        }
        self.line.code.push('"');
    }

    fn string(&mut self) {
        self.line.code.push('"');
        while !self.rest.is_empty() && !self.eat("\"") {
            if self.eat("\\") && !self.rest.starts_with('\n') {
                self.bump();
            } else {
                self.literal_char();
            }
        }
        self.line.code.push('"');
    }

    fn literal_char(&mut self) {
        if self.bump() == Some('\n') {
            self.line.literal = true;
            self.end_line();
            self.line.literal = true;
        }
    }

    /// After `'`: a character literal, or a lifetime.
    fn quote(&mut self) {
        let mut ahead = self.rest.chars();
        let (first, second) = (ahead.next(), ahead.next());
        self.line.code.push('\'');
        if first == Some('\\') {
            self.bump();
            self.bump();
            let end = self.rest.find('\'').map_or(self.rest.len(), |at| at + 1);
            self.rest = self.rest.split_at(end).1;
            self.line.code.push('\'');
        } else if second == Some('\'') {
            self.bump();
            self.bump();
            self.line.code.push('\'');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Vec<String> {
        scan(text).into_iter().map(|line| line.code).collect()
    }

    #[test]
    fn what_is_inside_literals_is_neither_code_nor_comment() {
        assert_eq!(code(r#"call("todo!() // no", 'x')"#), [r#"call("", '')"#]);
        assert_eq!(code(r##"let a = r#"a " // b"#; b"##), [r#"let a = ""; b"#]);
        assert_eq!(code(r#"let a = br"\"; b"#), [r#"let a = ""; b"#]);
        assert_eq!(code(r#""a \" b"; c"#), [r#"""; c"#]);
        assert_eq!(code(r"'\''; '\u{1F}'; '\\'; x"), ["''; ''; ''; x"]);
        assert_eq!(code("'\"'; fn f<'a>(x: &'a str) {}"), ["''; fn f<'a>(x: &'a str) {}"]);
        assert_eq!(code("let r#type = attr\"x\";"), ["let r#type = attr\"\";"]);
    }

    #[test]
    fn comments_keep_their_kind_and_lose_their_marks() {
        let lines = scan("//! head\n/// item\n//// rule\nx(); // why\n/** block\nmore */ y\n/**/ z");
        let comments: Vec<_> =
            lines.iter().map(|line| line.comment.as_ref().map(|c| (c.kind, c.text.trim()))).collect();
        assert_eq!(
            comments,
            [
                Some((CommentKind::Inner, "head")),
                Some((CommentKind::Outer, "item")),
                Some((CommentKind::Plain, "rule")),
                Some((CommentKind::Plain, "why")),
                Some((CommentKind::Outer, "* block")),
                Some((CommentKind::Outer, "more")),
                Some((CommentKind::Plain, "")),
            ]
        );
        assert_eq!(lines[3].code, "x(); ");
        assert_eq!(lines[5].code, " y");
        assert_eq!(code("/* a /* b */ c */ d"), [" d"]);
    }

    #[test]
    fn lines_of_code_are_those_that_are_neither_blank_nor_comment() {
        let text = "//! head\n\nfn f() {\n    // why\n    let sql = \"\n\n    SELECT\";\n}\n/* a\n\nb */\n";
        let counted: Vec<usize> =
            scan(text).iter().enumerate().filter(|(_, line)| line.is_code()).map(|(at, _)| at + 1).collect();
        assert_eq!(counted, [3, 5, 6, 7, 8]);
    }

    #[test]
    fn a_backslash_at_the_end_of_a_line_continues_the_literal() {
        let lines = scan("let a = \"one \\\n    two\";\nb();\n");
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1].code, "\";");
        assert_eq!(lines[2].code, "b();");
    }
}
