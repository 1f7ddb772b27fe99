//! What a browser calls itself (`User-Agent`, RFC 9110 §10.1.5), in words that people know.

/// A browser and what it runs on, as far as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Browser {
    /// `None`: none of those that are known.
    pub name: Option<&'static str>,
    /// `None`: none of those that are known.
    pub system: Option<&'static str>,
}

/// First match counts: nearly all claim to be Safari, most of the others Chrome.
const NAMES: [(&str, &str); 13] = [
    ("KAKAOTALK", "KakaoTalk"),
    ("NAVER(", "Naver"),
    ("Whale/", "Whale"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

impl Browser {
    /// Reads a `User-Agent`. It is whatever the peer likes to say: only words of our own are ever shown.
    pub fn of(user_agent: &str) -> Self {
        Self { name: first(&NAMES, user_agent), system: first(&SYSTEMS, user_agent) }
    }
}

fn first(known: &[(&str, &'static str)], user_agent: &str) -> Option<&'static str> {
    known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9110 §10.1.5.
    #[test]
    fn known_browsers_are_named() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
        assert_eq!(Browser::of(edge), Browser { name: Some("Edge"), system: Some("Windows") });
        let samsung = "Mozilla/5.0 (Linux; Android 16; SM-S938N) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36";
        assert_eq!(Browser::of(samsung), Browser { name: Some("Samsung Internet"), system: Some("Android") });
        assert_eq!(Browser::of("<script>"), Browser { name: None, system: None });
    }
}
