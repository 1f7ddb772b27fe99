//! Forms: how they are written, and how one is found in a page of which nothing else matters.

use url::form_urlencoded;

/// A form that a page asks to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageForm {
    /// Where it is to be sent, as the page says it.
    pub(crate) action: String,
    /// Its fields with their values, hidden ones and buttons too.
    pub(crate) fields: Vec<(String, String)>,
}

/// Writes `application/x-www-form-urlencoded`.
pub(crate) fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl PageForm {
    /// The first form of a page that is posted and has one of these fields.
    pub(crate) fn with_one_of(page: &str, wanted: &[&str]) -> Option<Self> {
        let mut forms = page.split("<form").skip(1).filter_map(|rest| Some(rest.split_once("</form>")?.0));
        forms.find_map(|form| {
            let (opening, content) = form.split_once('>')?;
            attribute(opening, "method").filter(|method| method.eq_ignore_ascii_case("post"))?;
            let parsed = Self { action: attribute(opening, "action")?, fields: fields(content) };
            wanted.iter().any(|name| parsed.value(name).is_some()).then_some(parsed)
        })
    }

    /// The value of the first field of a name.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(present, _)| present == name).map(|(_, value)| value.as_str())
    }

    /// Fills a field in, if the form has it; a second field of the name is left out.
    pub(crate) fn fill(&mut self, name: &str, value: &str) {
        if self.value(name).is_some() {
            self.fields.retain(|(present, _)| present != name);
            self.fields.push((name.to_owned(), value.to_owned()));
        }
    }
}

fn fields(content: &str) -> Vec<(String, String)> {
    let tags = content.split('<').skip(1).filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag);
    let fields = tags.filter(|tag| tag.starts_with("input ") || tag.starts_with("button "));
    fields
        .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())))
        .collect()
}

/// The value of an attribute in the inside of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    let plain =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#34;", "\""), ("&amp;", "&")];
    Some(plain.iter().fold(value.to_owned(), |text, (entity, sign)| text.replace(entity, sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"
        <form method="post" action="/language"><button name="lang" value="en">English</button></form>
        <form class="x" method="post" action="/sign-in?a=1&amp;b=2">
        <input type="hidden" name="step" value="abc">
        <input id="email" name="email" type="email" required>
        <input name="password" type="password">
        </form>"#;

    #[test]
    fn the_form_with_the_field_is_found_and_filled_in() {
        let mut form = PageForm::with_one_of(PAGE, &["login", "email"]).unwrap();
        assert_eq!(form.action, "/sign-in?a=1&b=2");
        form.fill("email", "a@example.com");
        form.fill("login", "a@example.com");
        assert_eq!(form.value("email"), Some("a@example.com"));
        assert_eq!(form.value("step"), Some("abc"));
        assert_eq!(form.value("login"), None);
        assert_eq!(PageForm::with_one_of(PAGE, &["decision"]), None);
    }

    #[test]
    fn forms_are_written() {
        assert_eq!(
            encode([("scope", "a b"), ("uri", "https://x/?y=z")]),
            "scope=a+b&uri=https%3A%2F%2Fx%2F%3Fy%3Dz"
        );
    }
}
