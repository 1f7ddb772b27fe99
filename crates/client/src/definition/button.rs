//! The button of a provider: its words, its colours and its mark, as the provider's guide for designers has them.

use std::borrow::Cow;

use super::{
    DefinitionError,
    colour::{Colour, Colours},
    mark,
    schema::{self, Text},
};
use mapae_protocol::locale::Locale;

/// Where a button stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ButtonUse {
    /// Where somebody signs in who has done it before: "카카오 로그인".
    SignIn,
    /// Where newcomers come in as well: "카카오로 시작하기".
    Start,
}

impl ButtonUse {
    /// The words with which people go to a provider of this name, where no guide prescribes any.
    #[must_use]
    pub fn words(self, name: &str, language: Locale) -> String {
        match (self, language) {
            (Self::SignIn, Locale::Ko) => format!("{name} 계정으로 로그인"),
            (Self::SignIn, Locale::En) => format!("Sign in with {name}"),
            (Self::Start, Locale::Ko) => format!("{name} 계정으로 시작하기"),
            (Self::Start, Locale::En) => format!("Continue with {name}"),
        }
    }
}

/// How a button looks. What it says are [`Definition::button_words`](super::Definition::button_words).
#[derive(Debug, PartialEq, Eq)]
pub struct ButtonLook {
    light: Colours,
    dark: Option<Colours>,
    mark: Option<String>,
}

impl ButtonLook {
    /// The look that a definition describes; `marks` knows those that are compiled in, by their names.
    pub(super) fn read(
        button: &schema::Button,
        marks: impl Fn(&str) -> Option<&'static str>,
    ) -> Result<Self, DefinitionError> {
        let colours = |background: &Colour, foreground: &Colour, border: &Option<Colour>| Colours {
            background: background.clone(),
            foreground: foreground.clone(),
            border: border.clone(),
        };
        let mark =
            button.mark.as_deref().map(|text| if text.contains('<') { Some(text) } else { marks(text) });
        let wrong = |problem| DefinitionError::Wrong { at: "button.mark", problem };
        let mark = match mark {
            None => None,
            Some(None) => return Err(wrong("there is no mark of this name, and it is no SVG")),
            Some(Some(svg)) => Some(svg.trim().to_owned()),
        };
        mark.as_deref().map_or(Ok(()), mark::check).map_err(wrong)?;
        let light = colours(&button.background, &button.foreground, &button.border);
        Ok(Self { light, dark: button.dark.clone(), mark })
    }

    /// The rules of a style sheet that give whatever the selector selects the colours of the button: background, text and
    /// border, and others where the page is dark, if the guide has some for that.
    #[must_use]
    pub fn rules(&self, selector: &str) -> String {
        let light = self.light.rule(selector);
        match &self.dark {
            None => light,
            Some(dark) => {
                format!("{light}@media (prefers-color-scheme: dark) {{\n{}}}\n", dark.rule(selector))
            }
        }
    }

    /// The mark as an SVG image, 24 units high: without script, style and references to anything outside of it.
    #[must_use]
    pub fn mark(&self) -> Option<String> {
        self.mark_on(&self.light)
    }

    /// The mark for dark pages, where it is another.
    #[must_use]
    pub fn dark_mark(&self) -> Option<String> {
        let dark = self.mark_on(self.dark.as_ref()?);
        dark.filter(|mark| Some(mark) != self.mark().as_ref())
    }

    /// An image has no text whose colour it could take.
    fn mark_on(&self, colours: &Colours) -> Option<String> {
        Some(self.mark.as_ref()?.replace("currentColor", colours.foreground.as_str()))
    }
}

/// What a definition says on its button, or what says its name.
pub(super) fn words<'a>(
    button: Option<&'a schema::Button>,
    of: ButtonUse,
    name: &str,
    language: Locale,
) -> Cow<'a, str> {
    let prescribed: Option<&Text> = button.and_then(|button| match of {
        ButtonUse::SignIn => button.sign_in.as_ref(),
        ButtonUse::Start => button.start.as_ref(),
    });
    match prescribed {
        Some(text) => Cow::Borrowed(text.in_language(language)),
        None => Cow::Owned(of.words(name, language)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::Definition;

    const LANGUAGES: [Locale; 2] = [Locale::Ko, Locale::En];

    fn own(button: &str) -> Result<Definition, DefinitionError> {
        Definition::parse(&format!(
            "schema = 1\nid = \"company\"\nlabel = {{ ko = \"회사\", en = \"Company\" }}\nissuer = \"https://id.example\"\n\
             openid = \"always\"\n[endpoints]\ndiscovery = true\n[authorization]\n[user_info]\nask = \"never\"\n\
             [identity]\nsubject = [\"/id_token/sub\"]\n{button}"
        ))
    }

    #[test]
    fn a_provider_that_has_a_guide_has_words_colours_and_a_mark() {
        for id in Definition::ids().filter(|id| *id != "oidc") {
            let definition = Definition::named(id).unwrap();
            let look = definition.button_look().unwrap_or_else(|| panic!("{id}"));
            assert!(look.mark().is_some(), "{id}");
            for language in LANGUAGES {
                let name = definition.label(language);
                for of in [ButtonUse::SignIn, ButtonUse::Start] {
                    let words = definition.button_words(of, language);
                    assert!(words.contains(name), "{id}: {words}");
                    assert!(matches!(words, Cow::Borrowed(_)), "{id}: no guide has {words}");
                }
            }
        }
    }

    #[test]
    fn a_button_says_what_its_guide_prescribes() {
        for (id, of, korean, english) in [
            ("kakao", ButtonUse::SignIn, "카카오 로그인", "Login with Kakao"),
            ("kakao", ButtonUse::Start, "카카오로 시작하기", "Login with Kakao"),
            ("naver", ButtonUse::Start, "네이버로 시작하기", "Continue with Naver"),
            ("google", ButtonUse::SignIn, "Google 계정으로 로그인", "Sign in with Google"),
            ("google", ButtonUse::Start, "Google로 계속하기", "Continue with Google"),
            ("apple", ButtonUse::Start, "Apple로 계속하기", "Continue with Apple"),
            ("oidc", ButtonUse::Start, "OpenID 계정으로 시작하기", "Continue with OpenID"),
        ] {
            let definition = Definition::named(id).unwrap();
            assert_eq!(definition.button_words(of, Locale::Ko), korean);
            assert_eq!(definition.button_words(of, Locale::En), english);
        }
    }

    /// Where a provider leaves the choice, all buttons of a page say the same.
    #[test]
    fn buttons_in_english_have_one_form() {
        for id in Definition::ids() {
            let definition = Definition::named(id).unwrap();
            let words = definition.button_words(ButtonUse::Start, Locale::En);
            let form = if id == "kakao" { "Login with " } else { "Continue with " };
            assert!(words.starts_with(form), "{words}");
        }
    }

    #[test]
    fn every_mark_is_some_buttons() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/providers/marks");
        for file in fs::read_dir(folder).unwrap() {
            let svg = fs::read_to_string(file.unwrap().path()).unwrap();
            let shown = Definition::ids().any(|id| {
                Definition::named(id)
                    .unwrap()
                    .button_look()
                    .is_some_and(|look| look.mark.as_deref() == Some(svg.trim()))
            });
            assert!(shown, "{svg}");
        }
    }

    #[test]
    fn a_file_of_ones_own_has_a_button_of_its_own() {
        let button = "[button]\nbackground = \"#123\"\nforeground = \"#FFFFFF\"\nborder = \"#456\"\n\
             dark = { background = \"#FFF\", foreground = \"#112233\" }\n\
             mark = '<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 24 24\"><path fill=\"currentColor\" d=\"M0 0h9\"/></svg>'\n\
             start = { ko = \"사번으로 시작하기\", en = \"Continue with your staff number\" }";
        let company = own(button).unwrap();
        assert_eq!(company.button_words(ButtonUse::Start, Locale::Ko), "사번으로 시작하기");
        assert_eq!(company.button_words(ButtonUse::SignIn, Locale::Ko), "회사 계정으로 로그인");
        let look = company.button_look().unwrap();
        assert_eq!(
            look.rules(".x"),
            ".x { background: #123; color: #FFFFFF; border-color: #456; }\n\
             @media (prefers-color-scheme: dark) {\n.x { background: #FFF; color: #112233; border-color: transparent; }\n}\n"
        );
        assert!(look.mark().unwrap().contains("fill=\"#FFFFFF\""));
        assert!(look.dark_mark().unwrap().contains("fill=\"#112233\""));
        // One that is compiled in is had by its name, and one of four colours is the same everywhere.
        let like_google = own(&button.replace("mark = '", "mark = 'google' #")).unwrap();
        let google = Definition::named("google").unwrap();
        let mark = |definition: &Definition| definition.button_look().unwrap().mark();
        assert_eq!(mark(&like_google), mark(&google));
        assert_eq!(like_google.button_look().unwrap().dark_mark(), None);
        assert!(own("").unwrap().button_look().is_none());
    }

    #[test]
    fn a_button_cannot_write_style_or_script() {
        let button = |colour: &str, mark: &str| {
            own(&format!("[button]\nbackground = \"{colour}\"\nforeground = \"#FFF\"\nmark = '{mark}'"))
        };
        assert!(button("#FEE500", "kakao").is_ok());
        for colour in ["red", "#FFF;}body{", "url(//x)", "#12", "#GGGGGG", "var(--x)", ""] {
            assert!(matches!(button(colour, "kakao"), Err(DefinitionError::Unreadable(_))), "{colour}");
        }
        for mark in ["orkut", "", "<script>alert(1)</script>", "<svg onload=\"x\"></svg>"] {
            let wrong = button("#FFF", mark).unwrap_err();
            assert!(matches!(wrong, DefinitionError::Wrong { at: "button.mark", .. }), "{mark}: {wrong}");
        }
    }
}
