//! What the item scanner makes of the shapes that real code has.

use super::*;
use crate::source::scan;

fn outline(text: &str) -> Vec<(Kind, String, usize, usize)> {
    let items = parse(&scan(text));
    (0..items.len())
        .map(|at| (items[at].kind, label(&items, at), items[at].start + 1, items[at].end + 1))
        .collect()
}

#[test]
fn nested_items_have_their_lines_and_owners() {
    let text = "\
impl<T: Fn(u8) -> u8> fmt::Display for crate::Scope<'_, T>
where
    T: Copy,
{
    /// Doc.
    #[must_use]
    pub(crate) const fn parse(text: &str) -> Result<Self, Error> {
        const LIMIT: [u8; 2] = { [1, 2] };
        match text { _ => {} }
    }
}
pub trait Rule { fn name(&self) -> [u8; 3]; type Out; }
struct Unit;
struct Pair(u8, u8);
";
    assert_eq!(
        outline(text),
        [
            (Kind::Impl, "Scope".into(), 1, 11),
            (Kind::Function, "Scope::parse".into(), 6, 10),
            (Kind::Value, "LIMIT".into(), 8, 8),
            (Kind::Trait, "Rule".into(), 12, 12),
            (Kind::Function, "Rule::name".into(), 12, 12),
            (Kind::Alias, "Rule::Out".into(), 12, 12),
            (Kind::Struct, "Unit".into(), 13, 13),
            (Kind::Struct, "Pair".into(), 14, 14),
        ]
    );
}

#[test]
fn function_pointers_generic_constants_and_impl_in_types_are_no_items() {
    let text = "\
type Run = fn(u8) -> u8;
fn bytes<const N: usize>(run: fn() -> u8, list: impl Iterator<Item = u8>) -> impl Sized {
    let pointer: *const u8 = x;
    const { 1 }
}
const RULES: &[Rule] = &[Rule { name: \"a\", run: |x| { x; } }, Rule { name: \"b\" }];
static FIRST: u8 = 1;
";
    assert_eq!(
        outline(text),
        [
            (Kind::Alias, "Run".into(), 1, 1),
            (Kind::Function, "bytes".into(), 2, 5),
            (Kind::Value, "RULES".into(), 6, 6),
            (Kind::Value, "FIRST".into(), 7, 7),
        ]
    );
}

#[test]
fn tests_are_known_by_their_attribute() {
    let text = "\
#[cfg(test)]
mod tests {
    #[test]
    fn plain() {}
    #[tokio::test(flavor = \"multi_thread\")]
    async fn on_a_runtime() {}
    fn part() {}
}
proptest! {
    #[test]
    fn property(x in 0..9) {}
}
#[cfg(not(test))]
fn live() {}
#[cfg(any(test, feature = \"fuzz\"))]
fn both() {}
";
    let items = parse(&scan(text));
    let names =
        |is: fn(&Item) -> bool| items.iter().filter(|item| is(item)).map(|item| item.name.as_str()).collect();
    let tests: Vec<&str> = names(Item::is_test);
    let conditional: Vec<&str> = names(Item::is_cfg_test);
    assert_eq!(tests, ["plain", "on_a_runtime", "property"]);
    assert_eq!(conditional, ["tests", "both"]);
}

#[test]
fn a_comment_speaks_of_the_item_below_it_else_of_the_one_around_it() {
    let text = "\
/// Of `a`.

#[must_use]
fn a() {
    // within a
    let x = 1; // beside
    // Of `b`.
    fn b() {}
}
// last
";
    let lines = scan(text);
    let items = parse(&lines);
    let place = |line: usize| below_or_around(&items, &lines, line - 1).map(|at| items[at].name.as_str());
    assert_eq!(place(1), Some("a"));
    assert_eq!(place(5), Some("a"));
    assert_eq!(place(6), Some("a"));
    assert_eq!(place(7), Some("b"));
    assert_eq!(place(10), None);
}

#[test]
fn comment_lines_of_one_kind_are_one_block() {
    let lines = scan("//! One\n//! two.\n// three\nx(); // four\n// five\n\n// six\n");
    let blocks = comment_blocks(&lines);
    let texts: Vec<(&str, usize)> =
        blocks.iter().map(|block| (block.text.as_str(), block.last_line())).collect();
    assert_eq!(texts, [("One two.", 1), ("three", 2), ("four", 3), ("five", 4), ("six", 6)]);
    assert_eq!((blocks[0].line_of(3), blocks[0].line_of(4)), (0, 1));
}
