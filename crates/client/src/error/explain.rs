//! Errors in the words of people.

use mapae_protocol::locale::Locale;

use super::Class;

/// What is wrong and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What the person can do.
    pub advice: &'static str,
}

pub(super) const fn explain(class: Class, language: Locale) -> Explanation {
    let (korean, english) = texts(class);
    let (title, advice) = match language {
        Locale::Ko => korean,
        Locale::En => english,
    };
    Explanation { title, advice }
}

/// The address names a provider that there is not: a link that was mistyped, or a provider that is gone.
pub(super) const fn no_such_way(language: Locale) -> Explanation {
    let (title, advice) = match language {
        Locale::Ko => (
            "그런 로그인 방법이 없습니다.",
            "주소가 잘못되었거나 없어진 방법입니다. 로그인 화면에서 다시 골라 주세요.",
        ),
        Locale::En => (
            "There is no such way to sign in.",
            "The address is wrong, or this way is no longer offered. Please choose again where you sign in.",
        ),
    };
    Explanation { title, advice }
}

/// The provider refuses the browser of an app in which somebody opened a link.
pub(super) const fn inside_another_app(language: Locale) -> Explanation {
    let (title, advice) = match language {
        Locale::Ko => (
            "이 앱 안에서는 이 방법으로 로그인할 수 없습니다.",
            "화면 메뉴에서 ‘다른 브라우저로 열기’를 고르거나, 주소를 복사해 Safari나 Chrome에서 열어 주세요.",
        ),
        Locale::En => (
            "This way to sign in does not work inside another app.",
            "Choose “Open in browser” in the menu of this screen, or copy the address into Safari or Chrome.",
        ),
    };
    Explanation { title, advice }
}

const fn texts(class: Class) -> ((&'static str, &'static str), (&'static str, &'static str)) {
    match class {
        Class::Cancelled => (
            ("로그인을 취소했습니다.", "다시 로그인하려면 로그인 버튼을 누르세요."),
            ("You cancelled signing in.", "To sign in after all, press the sign-in button again."),
        ),
        Class::Restart => (
            (
                "로그인을 마치지 못했습니다.",
                "처음부터 다시 로그인하세요. 로그인은 시작한 브라우저에서 10분 안에 마쳐야 합니다.",
            ),
            (
                "Signing in could not be completed.",
                "Please start again. Signing in must be finished within ten minutes, in the browser that began it.",
            ),
        ),
        Class::SignInAgain => (
            ("다시 로그인해야 합니다.", "연결이 끝났습니다. 로그인하면 이어서 쓸 수 있습니다."),
            ("Please sign in again.", "The connection has ended. Sign in to go on."),
        ),
        Class::Configuration(_) => (
            (
                "이 서비스의 로그인 설정이 잘못되었습니다.",
                "잠시 뒤 다시 시도하고, 계속되면 서비스 운영자에게 알려 주세요.",
            ),
            (
                "Signing in is not set up correctly on this service.",
                "Please try again later, and tell the service's operator if it stays so.",
            ),
        ),
        Class::RateLimited => (
            ("지금은 로그인하는 사람이 많습니다.", "1분쯤 뒤 다시 시도하세요."),
            ("Too many people are signing in right now.", "Please try again in about a minute."),
        ),
        Class::Reconsent => (
            ("로그인에 필요한 항목에 동의하지 않았습니다.", "다시 로그인하면서 필요한 항목에 동의해 주세요."),
            (
                "Something that is needed for signing in was not agreed to.",
                "Please sign in again and agree to the required items.",
            ),
        ),
        Class::InteractionNeeded => (
            ("로그인 화면이 필요합니다.", "로그인 버튼을 눌러 이어서 로그인하세요."),
            ("Signing in needs a page of its own.", "Please press the sign-in button to go on."),
        ),
        Class::Denied => (
            ("이 계정으로는 로그인할 수 없습니다.", "다른 계정이나 다른 로그인 방법을 이용해 주세요."),
            (
                "You cannot sign in with this account.",
                "Please use another account or another way to sign in.",
            ),
        ),
        Class::Unavailable => (
            ("지금은 로그인할 수 없습니다.", "잠시 뒤 다시 시도하세요."),
            ("Signing in is not possible right now.", "Please try again in a moment."),
        ),
    }
}
