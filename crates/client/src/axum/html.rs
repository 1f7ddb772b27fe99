//! Plain HTML, with hardly any design.

use mapae_protocol::locale::Locale;

/// Enough for a phone and a desk. A policy of the application that forbids inline styles leaves the page readable.
const STYLE: &str = "body{max-width:26rem;margin:3rem auto;padding:0 1.25rem;background:#fff;color:#1e1e1e;\
    font:1rem/1.6 system-ui,sans-serif;word-break:keep-all;overflow-wrap:anywhere}h1{font-size:1.5rem;line-height:1.3}\
    input:not([type=checkbox]){display:block;box-sizing:border-box;width:100%;min-height:2.75rem;margin-top:.25rem;\
    padding:.5rem .75rem;border:1px solid #85858d;border-radius:.5rem;font:inherit}\
    button{min-height:2.75rem;padding:.5rem 1rem;border:1px solid #85858d;border-radius:.5rem;background:#f6f6f8;\
    color:inherit;font:inherit;cursor:pointer}ul{padding-left:1.25rem}li{margin-bottom:.75rem}label~strong{color:#b3261e}";

pub(super) fn document(title: &str, body: &str, language: Locale) -> String {
    let (tag, title) = (language.as_str(), escape(title));
    format!(
        "<!doctype html><html lang=\"{tag}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head>\
         <body><h1>{title}</h1>{body}</body></html>"
    )
}

pub(super) const fn text<'a>(language: Locale, korean: &'a str, english: &'a str) -> &'a str {
    match language {
        Locale::Ko => korean,
        Locale::En => english,
    }
}

pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
