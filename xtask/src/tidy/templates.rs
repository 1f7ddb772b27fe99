//! Pages that work under a content security policy without inline code.

use super::Findings;
use crate::tree::Tree;

/// No inline script, style or handler in any template: the policy would block it, and should.
pub(super) fn inline_code(tree: &Tree, findings: &mut Findings) {
    for file in tree.files() {
        if !file.path.ends_with(".html") && !file.path.contains("/templates/") {
            continue;
        }
        for (at, line) in file.text.lines().enumerate() {
            if let Some(advice) = judge(&line.to_ascii_lowercase()) {
                findings.add(&file.path, at + 1, advice);
            }
        }
    }
}

fn judge(line: &str) -> Option<&'static str> {
    let script_tag = |from: usize| line.get(from..).and_then(|tag| tag.split('>').next()).unwrap_or_default();
    if line.match_indices("<script").any(|(at, _)| !script_tag(at).contains("src=")) {
        return Some("inline script: move it to a file of its own and name that by `src=`");
    }
    if line.contains("<style") {
        return Some("inline style sheet: move it to the style file");
    }
    if line.contains("javascript:") {
        return Some("`javascript:` address: use a form or a link");
    }
    line.match_indices('=').find_map(|(at, _)| judge_attribute(line.get(..at)?))
}

/// Judges the attribute whose name ends this text.
fn judge_attribute(before: &str) -> Option<&'static str> {
    let inside_a_tag = before.rfind('<') > before.rfind('>');
    let name = before.rsplit([' ', '\t', '"', '\'']).next().unwrap_or_default();
    let handler = name
        .strip_prefix("on")
        .is_some_and(|event| event.len() > 2 && event.chars().all(|char| char.is_ascii_lowercase()));
    match name {
        "style" => Some("inline style: give the element a class and write the rule in the style file"),
        _ if handler && (inside_a_tag || before.trim() == name) => {
            Some("inline handler: the page must work without; listen from a script file")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places_found;

    #[test]
    fn inline_code_is_found_in_all_its_forms() {
        let page = "<script src=\"/a.js\" defer></script>\n<script>x()</script>\n<p style=\"color: red\">\n\
                    <a onclick=\"x()\">\n<a href=\"javascript:x()\">\n<STYLE>\n<p class=\"style\">once = 1</p>\n\
                    <link rel=\"stylesheet\" href=\"/x.css?on=1\">\n  onload='x()'\n";
        let found =
            places_found(inline_code, &[("crates/server/templates/login.html", page), ("a.md", page)]);
        let lines: Vec<&str> = found.iter().filter_map(|place| place.rsplit(':').next()).collect();
        assert_eq!(lines, ["2", "3", "4", "5", "6", "9"]);
    }
}
