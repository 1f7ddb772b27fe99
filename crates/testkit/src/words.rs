//! Whether a page speaks the language of whoever reads it, and that one alone.

use mapae_protocol::locale::Locale;
use scraper::{Html, Node};

/// What people and apps are called stays what it is in every language.
const NAMES: &[&str] =
    &["나의 서비스", "라이언", "무지", "어피치", "프로도", "민지", "유나", "하늘", "바다", "김에뮬", "가람"];

/// Attributes that are read to people, or that they read.
const READ: &[&str] = &["alt", "aria-label", "placeholder", "title"];

/// Elements whose text is of no language: of programs, or of strangers.
const OF_NO_LANGUAGE: &[&str] = &["bdi", "code", "pre", "script", "style"];

/// The words of the page's language are there, and those of the other are not.
///
/// # Panics
/// If it is not so.
pub fn says(page: &str, language: Locale, (ko, en): (&str, &str)) {
    let (expected, other) = match language {
        Locale::Ko => (ko, en),
        Locale::En => (en, ko),
    };
    let (expected, other) = (nameless(expected), nameless(other));
    let text = whole(page);
    assert!(text.contains(&expected), "no “{expected}”: {text}");
    assert!(ko == en || !text.contains(&other), "“{other}”: {text}");
}

/// The page says which language it is in, and has no sentence of another.
///
/// # Panics
/// If it is not so.
pub fn alone(page: &str, language: Locale) {
    let document = Html::parse_document(page);
    let tag = document.root_element().attr("lang");
    assert_eq!(tag, Some(language.as_str()), "{page}");
    for text in read(page, language) {
        let strange = match language {
            Locale::En => has_hangul(&text),
            Locale::Ko => has_english_sentence(&text),
        };
        assert!(!strange, "for who reads “{}”: {text}\n{page}", language.as_str());
    }
}

/// A page as one text, with what stands in the middle of a sentence: a name, a value. Attributes come first.
fn whole(page: &str) -> String {
    let document = Html::parse_document(page);
    let elements = document.root_element().descendants().filter_map(|node| node.value().as_element());
    let read = elements.flat_map(|element| READ.iter().filter_map(|name| element.attr(name)));
    let read: String = read.map(|text| format!("{text}\n")).collect();
    let text: String = document.root_element().text().collect();
    nameless(&format!("{read}{text}"))
}

/// What people read of a page, one text at a time, without names. What is marked as being in another language is left out.
fn read(body: &str, language: Locale) -> Vec<String> {
    let document = Html::parse_document(body);
    let mut texts = Vec::new();
    for node in document.root_element().descendants() {
        let around = || node.ancestors().chain([node]).filter_map(|node| node.value().as_element());
        let left_out = around().any(|element| {
            OF_NO_LANGUAGE.contains(&element.name())
                || element.attr("lang").is_some_and(|tag| tag != language.as_str())
        });
        match node.value() {
            _ if left_out => {}
            Node::Text(text) => texts.push(text.to_string()),
            Node::Element(element) => {
                texts.extend(READ.iter().filter_map(|name| element.attr(name)).map(str::to_owned));
            }
            _ => {}
        }
    }
    texts.iter().map(|text| nameless(text)).filter(|text| !text.trim().is_empty()).collect()
}

/// Without names, and without what stands for one: its first letter.
fn nameless(text: &str) -> String {
    if NAMES.iter().any(|name| name.chars().next().is_some_and(|first| text.chars().eq([first]))) {
        return String::new();
    }
    NAMES.iter().fold(text.to_owned(), |text, name| text.replace(name, ""))
}

fn has_hangul(text: &str) -> bool {
    text.chars().any(|letter| matches!(letter, '가'..='힣' | 'ㄱ'..='ㆎ'))
}

/// Three words in a row, one of them without a capital: names have one each.
fn has_english_sentence(text: &str) -> bool {
    let words: Vec<&str> =
        text.split_whitespace().map(|word| word.trim_matches([',', '.', '?', ':'])).collect();
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphabetic());
    let is_small = |word: &&str| word.chars().all(|letter| letter.is_ascii_lowercase());
    words.windows(3).any(|three| three.iter().all(is_word) && three.iter().any(is_small))
}

#[test]
fn a_page_of_two_languages_is_found_out() {
    let page =
        |tag: &str, body: &str| format!("<!doctype html><html lang=\"{tag}\"><body>{body}</body></html>");
    let refused =
        |language: Locale, page: String| std::panic::catch_unwind(|| alone(&page, language)).is_err();
    for mixed in ["<p>Sign in: 로그인</p>", "<a title=\"로그인\">x</a>", "<img alt=\"ㅋㅋ\">"] {
        assert!(refused(Locale::En, page("en", mixed)), "{mixed}");
        assert!(!refused(Locale::Ko, page("ko", mixed)), "{mixed}");
    }
    assert!(refused(Locale::Ko, page("ko", "<p>로그인: Please sign in.</p>")));
    assert!(
        refused(Locale::Ko, page("en", "<p>로그인</p>")) && refused(Locale::En, page("ko", "<p>Sign in</p>"))
    );
    let apart = "<p>Hello</p><a lang=\"ko\">한국어</a><bdi>김철수</bdi><code>코드</code><b>나의 서비스</b>";
    alone(&page("en", apart), Locale::En);
    alone(&page("ko", "<p>Haru Yoon, Kakao</p><a lang=\"en\">This is English</a>"), Locale::Ko);
    says(&page("en", "<p>Sign in</p>"), Locale::En, ("로그인", "Sign in"));
    says(&page("ko", "<p><bdi>카카오</bdi> 로그인</p>"), Locale::Ko, ("카카오 로그인", "Kakao sign-in"));
}
