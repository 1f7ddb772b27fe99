//! The items of a Rust file: name, kind, attributes and where they begin and end.
//!
//! This is not a parser of Rust: it follows brackets and keywords, which is enough for code that `rustfmt` has laid out.

mod tokens;

use std::mem::take;

pub(crate) use self::tokens::words_and_marks;
use self::tokens::{Token, tokens};
use crate::source::{Comment, CommentKind, Line};

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Function,
    Struct,
    Enum,
    Trait,
    Impl,
    Module,
    /// `const`, `static`.
    Value,
    /// `type`.
    Alias,
    /// `macro_rules!`.
    Macro,
}

/// One item. Lines count from 0.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    /// For an `impl`, the type.
    pub(crate) name: String,
    /// Without `#[` and `]`, tokens separated by one space.
    pub(crate) attributes: Vec<String>,
    /// The line of its first attribute or word.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The index of the item around it.
    pub(crate) parent: Option<usize>,
}

impl Item {
    /// `#[cfg(test)]`, also together with other conditions.
    pub(crate) fn is_cfg_test(&self) -> bool {
        self.attributes.iter().any(|attribute| {
            let mut words = attribute.split(' ');
            words.next() == Some("cfg") && words.any(|word| word == "test") && !attribute.contains("not (")
        })
    }

    /// `#[test]`, `#[tokio::test]` and the like.
    pub(crate) fn is_test(&self) -> bool {
        self.attributes.iter().any(|attribute| {
            let path = attribute.split(['(', '=']).next().unwrap_or_default();
            path.split(' ').rfind(|word| !word.is_empty()) == Some("test")
        })
    }
}

/// Every item of a file, in the order in which they begin.
pub(crate) fn parse(lines: &[Line]) -> Vec<Item> {
    let tokens = tokens(lines);
    let mut parser = Parser { tokens: &tokens, ..Parser::default() };
    while parser.at < tokens.len() {
        parser.step();
    }
    while parser.open.last().is_some() {
        parser.close(lines.len().saturating_sub(1));
    }
    parser.items
}

/// The innermost item that contains the line.
pub(crate) fn innermost(items: &[Item], line: usize) -> Option<usize> {
    items.iter().rposition(|item| item.start <= line && line <= item.end)
}

/// The item that a comment on this line speaks of: the one that begins below it, else the one around it.
pub(crate) fn below_or_around(items: &[Item], lines: &[Line], line: usize) -> Option<usize> {
    let alone = lines.get(line).is_some_and(|line| !line.is_code());
    let below = (line + 1..lines.len()).find(|at| lines.get(*at).is_some_and(Line::is_code));
    let begins = below.filter(|_| alone).and_then(|at| items.iter().position(|item| item.start == at));
    begins.or_else(|| innermost(items, line))
}

/// The item and all around it, from the inside out.
pub(crate) fn ancestry(items: &[Item], index: usize) -> impl Iterator<Item = &Item> {
    let parent = |item: &&Item| item.parent.and_then(|parent| items.get(parent));
    std::iter::successors(items.get(index), parent)
}

/// `Owner::name` for what stands in an `impl` or trait, else the name.
pub(crate) fn label(items: &[Item], index: usize) -> String {
    let mut ancestry = ancestry(items, index);
    let Some(item) = ancestry.next() else { return String::new() };
    match ancestry.next() {
        Some(owner) if matches!(owner.kind, Kind::Impl | Kind::Trait) => {
            format!("{}::{}", owner.name, item.name)
        }
        _ => item.name.clone(),
    }
}

/// One comment over several lines, as one text.
pub(crate) struct Block {
    pub(crate) kind: CommentKind,
    first_line: usize,
    /// Where each of its lines begins in the text, in bytes.
    starts: Vec<usize>,
    /// The lines joined by one space.
    pub(crate) text: String,
}

impl Block {
    fn of(comment: &Comment, first_line: usize) -> Self {
        Self { kind: comment.kind, first_line, starts: vec![0], text: comment.text.trim().to_owned() }
    }

    fn push(&mut self, comment: &Comment) {
        self.text.push(' ');
        self.starts.push(self.text.len());
        self.text.push_str(comment.text.trim());
    }

    /// From 0.
    pub(crate) fn last_line(&self) -> usize {
        self.line_of(self.text.len())
    }

    /// The line on which this byte of the text stands, from 0.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        self.first_line + self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }
}

/// Comments that follow each other on lines of their own and are of one kind are one block.
pub(crate) fn comment_blocks(lines: &[Line]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut continues = false;
    for (at, line) in lines.iter().enumerate() {
        let Some(comment) = &line.comment else {
            continues = false;
            continue;
        };
        match blocks.last_mut() {
            Some(block) if continues && !line.is_code() && block.kind == comment.kind => block.push(comment),
            _ => blocks.push(Block::of(comment, at)),
        }
        continues = !line.is_code();
    }
    blocks
}

/// An item whose end has not been seen.
struct Open {
    index: usize,
    /// Brackets open around it.
    depth: usize,
    /// Ends at a semicolon, never at a brace.
    only_semicolon: bool,
    /// Its body, in braces, has begun.
    entered: bool,
}

#[derive(Default)]
struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    depth: usize,
    /// The line on which the present statement began.
    lead: Option<usize>,
    attributes: Vec<String>,
    open: Vec<Open>,
    items: Vec<Item>,
}

impl<'a> Parser<'a> {
    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn ahead(&self, by: usize) -> &'a str {
        self.text(self.at + by)
    }

    fn before(&self) -> &'a str {
        self.at.checked_sub(1).map_or("", |at| self.text(at))
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    fn step(&mut self) {
        match self.ahead(0) {
            "#" if self.ahead(1) == "[" || (self.ahead(1) == "!" && self.ahead(2) == "[") => {
                self.attribute();
            }
            "{" => {
                self.enter();
                self.boundary();
            }
            "(" | "[" => self.depth += 1,
            ")" | "]" => self.depth = self.depth.saturating_sub(1),
            "}" => {
                self.leave();
                self.boundary();
            }
            ";" => {
                self.end_of_statement();
                self.boundary();
            }
            "," => self.boundary(),
            _ => {
                self.lead = self.lead.or_else(|| Some(self.line()));
                self.item();
            }
        }
        self.at += 1;
    }

    fn boundary(&mut self) {
        self.lead = None;
        self.attributes.clear();
    }

    fn attribute(&mut self) {
        let inner = self.ahead(1) == "!";
        let line = self.line();
        self.at += if inner { 2 } else { 1 };
        let (mut depth, mut words) = (1, Vec::new());
        while depth > 0 && self.at + 1 < self.tokens.len() {
            self.at += 1;
            match self.ahead(0) {
                "[" => depth += 1,
                "]" => depth -= 1,
                _ => {}
            }
            if depth > 0 {
                words.push(self.ahead(0));
            }
        }
        if !inner {
            self.lead.get_or_insert(line);
            self.attributes.push(words.join(" "));
        }
    }

    fn enter(&mut self) {
        if let Some(open) = self.open.last_mut()
            && !open.only_semicolon
            && open.depth == self.depth
        {
            open.entered = true;
        }
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.open.last().is_some_and(|open| open.entered && open.depth >= self.depth) {
            self.close(self.line());
        }
    }

    fn end_of_statement(&mut self) {
        if self.open.last().is_some_and(|open| !open.entered && open.depth >= self.depth) {
            self.close(self.line());
        }
    }

    fn close(&mut self, line: usize) {
        if let Some(open) = self.open.pop()
            && let Some(item) = self.items.get_mut(open.index)
        {
            item.end = line;
        }
    }

    /// Opens an item when the present word is the keyword of one.
    fn item(&mut self) {
        let generic_or_pointer = ["<", ",", "*", "&"].contains(&self.before());
        let (kind, name) = match self.ahead(0) {
            "fn" => (Kind::Function, self.ahead(1)),
            "struct" => (Kind::Struct, self.ahead(1)),
            "enum" => (Kind::Enum, self.ahead(1)),
            "trait" => (Kind::Trait, self.ahead(1)),
            "mod" => (Kind::Module, self.ahead(1)),
            "const" | "static" if self.ahead(2) == ":" && !generic_or_pointer => (Kind::Value, self.ahead(1)),
            "static" if self.ahead(1) == "mut" => (Kind::Value, self.ahead(2)),
            "type" if !generic_or_pointer => (Kind::Alias, self.ahead(1)),
            "macro_rules" if self.ahead(1) == "!" => (Kind::Macro, self.ahead(2)),
            "impl" if ["", ";", "{", "}", "]", "unsafe"].contains(&self.before()) => {
                (Kind::Impl, self.implemented_type())
            }
            _ => return,
        };
        if !tokens::is_word(name) {
            return;
        }
        // The value of a constant may have braces of its own: only its semicolon ends it.
        let only_semicolon = matches!(kind, Kind::Value | Kind::Alias);
        let parent = self.open.last().map(|open| open.index);
        self.open.push(Open { index: self.items.len(), depth: self.depth, only_semicolon, entered: false });
        let start = self.lead.unwrap_or_else(|| self.line());
        let attributes = take(&mut self.attributes);
        self.items.push(Item { kind, name: name.to_owned(), attributes, start, end: start, parent });
    }

    /// The last name of the type that an `impl` is for, without its generic arguments.
    fn implemented_type(&self) -> &'a str {
        let (mut angles, mut name, mut at) = (0_i32, "", self.at + 1);
        while !["", "{", ";", "where"].contains(&self.text(at)) {
            match self.text(at) {
                "<" => angles += 1,
                ">" if self.text(at - 1) != "-" => angles -= 1,
                word if angles == 0 && tokens::is_word(word) && word != "for" && word != "dyn" => name = word,
                _ => {}
            }
            at += 1;
        }
        name
    }
}

#[cfg(test)]
mod shapes;
