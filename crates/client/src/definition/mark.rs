//! What an SVG may have that becomes the mark of a button: shapes and colours.
//!
//! A browser that shows it as an image runs no script of it and loads nothing for it. But it has an address of its own,
//! where somebody can be led, and an application may put it into a page: so there is nothing in it that could run, load or
//! style anything.

/// Longest mark, in bytes.
const MAX_BYTES: usize = 16 * 1024;

const ELEMENTS: &str = "svg g defs title path circle ellipse rect line polygon polyline clipPath linearGradient \
                        radialGradient stop";

const ATTRIBUTES: &str = "clip-path clip-rule cx cy d fill fill-opacity fill-rule fx fy gradientTransform \
                          gradientUnits height id offset opacity points r rx ry stop-color stop-opacity stroke \
                          stroke-linecap stroke-linejoin stroke-width transform viewBox width x x1 x2 xmlns y y1 y2";

const NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// Whether this can be a mark.
///
/// # Errors
/// Why it cannot, as half a sentence.
pub(super) fn check(svg: &str) -> Result<(), &'static str> {
    if svg.len() > MAX_BYTES {
        return Err("it is longer than 16 KiB");
    }
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg.trim();
    let mut begun = false;
    while let Some((text, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').ok_or("a tag of it does not end")?;
        rest = after;
        in_between(text, open.last().copied())?;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.trim_end()) {
                return Err("its elements are not nested");
            }
            continue;
        }
        if open.is_empty() && begun {
            return Err("it has more than one root");
        }
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let name = tag.split_ascii_whitespace().next().unwrap_or_default();
        if !is_one_of(ELEMENTS, name) || (name == "svg") == begun {
            return Err("it has an element that a mark does not need");
        }
        let attributes = tag.strip_prefix(name).unwrap_or_default();
        let (has_view_box, has_namespace) = attributes_of(attributes)?;
        if !begun && !has_view_box {
            return Err("it has no viewBox");
        }
        // It is shown as an image, and a browser draws no image without it.
        if !begun && !has_namespace {
            return Err("it has no xmlns");
        }
        begun = true;
        if !is_empty {
            open.push(name);
        }
    }
    in_between(rest, None)?;
    if begun && open.is_empty() { Ok(()) } else { Err("it is no whole SVG") }
}

/// Only a title has a text.
fn in_between(text: &str, within: Option<&str>) -> Result<(), &'static str> {
    let is_plain = if within == Some("title") { !text.contains(['&', '>']) } else { text.trim().is_empty() };
    if is_plain { Ok(()) } else { Err("it has text outside of its shapes") }
}

/// Whether `viewBox` and `xmlns` are among them.
fn attributes_of(mut rest: &str) -> Result<(bool, bool), &'static str> {
    let (mut has_view_box, mut has_namespace) = (false, false);
    while !rest.trim_start().is_empty() {
        if !rest.starts_with(|character: char| character.is_ascii_whitespace()) {
            return Err("its attributes are not apart");
        }
        let (name, after) = rest.trim_start().split_once("=\"").ok_or("an attribute of it has no value")?;
        let (value, after) = after.split_once('"').ok_or("a value of it does not end")?;
        rest = after;
        if !is_one_of(ATTRIBUTES, name) {
            return Err("it has an attribute that a mark does not need");
        }
        if !is_harmless(name, value) {
            return Err("a value of it refers to something");
        }
        has_view_box |= name == "viewBox";
        has_namespace |= name == "xmlns";
    }
    Ok((has_view_box, has_namespace))
}

fn is_one_of(words: &str, name: &str) -> bool {
    words.split(' ').any(|word| word == name)
}

/// Numbers, names and colours; what it refers to is in it.
fn is_harmless(name: &str, value: &str) -> bool {
    if name == "xmlns" {
        return value == NAMESPACE;
    }
    // The colour of the button takes its place, and is looked for as it is spelt here.
    if value.eq_ignore_ascii_case("currentColor") {
        return value == "currentColor";
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" \t\n#.,+-%()_".contains(&byte);
    let value = value.to_ascii_lowercase();
    value.bytes().all(plain) && value.matches("url(").count() == value.matches("url(#").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(content: &str) -> String {
        format!("<svg xmlns=\"{NAMESPACE}\" viewBox=\"0 0 24 24\">{content}</svg>")
    }

    #[test]
    fn shapes_and_colours_are_a_mark() {
        for content in [
            "",
            "<path fill=\"#FFF\" d=\"M1.5-2e3,4 5h-.5z\"/>",
            "<title>Company</title><g transform=\"rotate(45 1 1)\"><circle cx=\"1\" cy=\"1\" r=\"50%\" /></g>",
            "<defs><linearGradient id=\"a_1\"><stop offset=\"0\" stop-color=\"#000\"/></linearGradient></defs>\n\
             <rect width=\"1\" height=\"1\" fill=\"url(#a_1)\"></rect>",
        ] {
            assert_eq!(check(&inside(content)), Ok(()), "{content}");
        }
    }

    #[test]
    fn nothing_in_a_mark_runs_loads_or_styles() {
        for content in [
            "<script>alert(1)</script>",
            "<path onclick=\"alert(1)\" d=\"M0 0\"/>",
            "<path d=\"M0 0\"onclick=\"x\"/>",
            "<a href=\"javascript:alert(1)\"><path d=\"M0 0\"/></a>",
            "<image href=\"https://example.com/x.png\"/>",
            "<use href=\"#a\"/>",
            "<foreignObject><p>x</p></foreignObject>",
            "<style>path{fill:red}</style>",
            "<path style=\"fill:red\"/>",
            "<path fill=\"url(https://example.com/x.svg#a)\"/>",
            "<path fill=\"url(x.svg)\"/>",
            "<path fill=\"URL(x.svg)\"/>",
            "<path fill=\"url(#a) url(x.svg)\"/>",
            "<path fill=\"u\\72l(x.svg)\"/>",
            "<path fill=\"&#117;rl(x.svg)\"/>",
            "<path fill='red'/>",
            "<path xmlns=\"http://www.w3.org/1999/xhtml\"/>",
            "<!-- a comment -->",
            "<!ENTITY x \"y\">",
            "<?xml-stylesheet href=\"x\"?>",
            "<![CDATA[x]]>",
            "<svg viewBox=\"0 0 1 1\"/>",
            "&amp;",
            "words",
            "<title>a &lt; b</title>",
            "<path d=\"M0 0\"",
            "<g></svg><g>",
            "<g>",
        ] {
            assert!(check(&inside(content)).is_err(), "{content}");
        }
        let whole = inside("");
        for svg in [
            "".to_owned(),
            "<svg></svg>".to_owned(),
            "<path d=\"M0 0\"/>".to_owned(),
            format!("{whole}{whole}"),
            format!("{whole}<path d=\"M0 0\"/>"),
            format!("<!DOCTYPE svg>{whole}"),
            format!("words{whole}"),
            format!("{whole}words"),
            inside(&" ".repeat(MAX_BYTES)),
        ] {
            assert!(check(&svg).is_err(), "{svg:.60}");
        }
    }
}
