//! The command line that sends the same request.
//!
//! What is masked in the diagram stands in it as a shell variable, `"$ACCESS_TOKEN"`: the line runs as it is for
//! whoever sets that variable, and it never holds a secret.

use super::message::Parameter;

/// What a command line is made from. Every text in it may be seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Without query.
    pub(crate) address: &'a str,
    pub(crate) query: &'a [Parameter],
    pub(crate) headers: &'a [(String, String)],
    pub(crate) form: &'a [Parameter],
    /// A body that is not a form.
    pub(crate) body: Option<&'a str>,
}

/// Headers that `curl` sends itself, or that only a browser sends.
const LEFT_OUT: &[&str] = &["accept-language", "content-type", "cookie", "sec-fetch-site", "user-agent"];

/// The command, one option to a line.
#[must_use]
pub(crate) fn command(request: &Request<'_>) -> String {
    let mut words = vec![address(request)];
    let has_body = !request.form.is_empty() || request.body.is_some();
    if request.method != "GET" && !(request.method == "POST" && has_body) {
        words.insert(0, format!("-X {}", quoted(request.method)));
    }
    for (name, value) in request.headers {
        words.extend(header(name, value));
    }
    words.extend(request.form.iter().map(|field| format!("--data-urlencode {}", pair(field))));
    if let Some(body) = request.body {
        words.push("--json".to_owned() + " " + &quoted(body));
    }
    format!("curl {}", words.join(" \\\n  "))
}

fn address(request: &Request<'_>) -> String {
    let mut address = quoted(request.address);
    if !request.query.is_empty() {
        address.push_str(" \\\n  --get");
        for field in request.query {
            address.push_str(" \\\n  --data-urlencode ");
            address.push_str(&pair(field));
        }
    }
    address
}

fn header(name: &str, value: &str) -> Option<String> {
    match name {
        "authorization" if value.starts_with("Basic") => Some("-u \"$CLIENT_ID:$CLIENT_SECRET\"".to_owned()),
        "authorization" => Some("-H \"Authorization: Bearer $ACCESS_TOKEN\"".to_owned()),
        "cookie" => Some("-b \"$COOKIES\"".to_owned()),
        name if LEFT_OUT.contains(&name) => None,
        name => Some(format!("-H {}", quoted(&format!("{name}: {value}")))),
    }
}

/// `name=value`, or `name="$NAME"` for what is masked.
fn pair(field: &Parameter) -> String {
    if field.value.is_masked() {
        format!("{}\"${}\"", quoted(&format!("{}=", field.name)), variable(&field.name))
    } else {
        quoted(&format!("{}={}", field.name, field.value.as_str()))
    }
}

/// A name that every shell takes.
fn variable(name: &str) -> String {
    let plain = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    let name: String = plain.collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("V_{name}") }
}

/// One word of a POSIX shell, whatever is in it.
fn quoted(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-._:/@=".contains(c);
    if !text.is_empty() && text.chars().all(harmless) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::flow::message::Place;

    /// What a shell makes of the words of a command.
    fn arguments(command: &str) -> Vec<String> {
        let script = format!(
            "CODE=THE-CODE; curl() {{ for word in \"$@\"; do printf '%s\\000' \"$word\"; done; }}\n{command}"
        );
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert!(output.status.success(), "{command}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    #[test]
    fn the_token_request() {
        let form = [
            Parameter::new(Place::Form, "grant_type", "authorization_code"),
            Parameter::new(Place::Form, "code", "SplxlOBeZQQYbYS6WxSbIA"),
        ];
        let headers = [("authorization".to_owned(), "Basic ***".to_owned())];
        let request = Request {
            method: "POST",
            address: "http://localhost:9000/token",
            query: &[],
            headers: &headers,
            form: &form,
            body: None,
        };
        assert_eq!(
            command(&request),
            "curl http://localhost:9000/token \\\n  -u \"$CLIENT_ID:$CLIENT_SECRET\" \\\n  \
             --data-urlencode grant_type=authorization_code \\\n  --data-urlencode code=\"$CODE\""
        );
        assert_eq!(arguments(&command(&request)).last().unwrap(), "code=THE-CODE");
    }

    #[test]
    fn methods_and_bodies() {
        let plain = |method, body| {
            let request = Request {
                method,
                address: "http://localhost:4000/events",
                query: &[],
                headers: &[],
                form: &[],
                body,
            };
            command(&request)
        };
        assert_eq!(plain("GET", None), "curl http://localhost:4000/events");
        assert_eq!(plain("OPTIONS", None), "curl -X OPTIONS \\\n  http://localhost:4000/events");
        assert_eq!(plain("POST", None), "curl -X POST \\\n  http://localhost:4000/events");
        assert_eq!(
            arguments(&plain("POST", Some("{\"title\":\"it's 회의\"}")))[2],
            "{\"title\":\"it's 회의\"}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_shell_reads_back_what_was_written(value in "[^\0]{0,40}", name in "[a-z_]{1,12}") {
            // A name on the open list, so that the value itself is in the line.
            let form = [Parameter::new(Place::Form, "scope", &value)];
            let headers = [(name, value.clone())];
            let request =
                Request { method: "POST", address: &value, query: &form, headers: &headers, form: &form, body: Some(&value) };
            let words = arguments(&command(&request));
            prop_assert_eq!(words.first(), Some(&value));
            prop_assert_eq!(words.last(), Some(&value));
            let scope = format!("scope={}", form[0].value.as_str());
            prop_assert_eq!(words.iter().filter(|word| **word == scope).count(), 2);
        }
    }
}
