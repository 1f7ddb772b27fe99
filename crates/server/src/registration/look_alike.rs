//! Names of apps that look like others — SE-09; mixed scripts and whole-script confusables of Unicode (UTS 39).
//!
//! Korean, Chinese and Japanese are written beside Latin letters every day. Other alphabets are not, and have letters
//! that nobody can tell from Latin ones: «Goоgle» with one Cyrillic letter, «ΚΑΚΑΟ» in Greek.

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::confusable_detection::skeleton;

/// Whether the name can be taken for another one, or claims to be checked. It is in NFC.
pub(super) fn misleads(name: &str) -> bool {
    name.chars().any(|c| claims(c) || is_variant(c))
        || mixes_alphabets(name)
        || stands_for_latin(name)
        || imitates_beside_latin(name)
}

/// Whether a letter, digit or sign that is none of ASCII's stands beside Latin letters and looks like one of ASCII's
/// letters or digits (confusables of Unicode Technical Standard 39): «GoogƖe», «G०ogle», «Goog│e». East Asian ones are drawn otherwise than Latin ones.
fn imitates_beside_latin(name: &str) -> bool {
    let imitates = |c: char| {
        let is_own = c.is_ascii() || WRITTEN.contains(&c) || alphabet(c) == Some(Alphabet::EastAsian);
        let mut text = [0; 4];
        let mut seen = skeleton(c.encode_utf8(&mut text)).peekable();
        !is_own
            && (STROKES.contains(&c)
                || seen.peek().is_some() && seen.all(|seen| seen.is_ascii_alphanumeric()))
    };
    let letters: Vec<char> = name.chars().collect();
    let has_latin = letters.iter().any(char::is_ascii_alphabetic);
    // The letter ı where the rest is Turkish, too.
    let turkish = letters.iter().any(|c| TURKISH.contains(c));
    has_latin
        && letters
            .iter()
            .enumerate()
            .any(|(at, c)| imitates(*c) && !(turkish && *c == 'ı') && !is_sign(&letters, at))
}

/// Whether what looks like a letter is read as the sign that it is: alone between words, and × beside an East Asian letter
/// («나이키×Kakao»). Nobody can tell the ¡ of «¡Hola!» from that of «¡Phone!».
fn is_sign(name: &[char], at: usize) -> bool {
    let (before, from) = name.split_at(at);
    let [sign, after @ ..] = from else { return false };
    let neighbours = [before.last(), after.first()];
    let alone = neighbours.iter().all(|next| next.is_none_or(|next| *next == ' '));
    let east_asian = |c: &char| alphabet(*c) == Some(Alphabet::EastAsian);
    match sign {
        _ if sign.is_alphanumeric() => false,
        _ if alone => true,
        '×' => neighbours.into_iter().flatten().any(east_asian),
        _ => false,
    }
}

/// Lines that Unicode does not list, as it lists `∣`: they look like l.
const STROKES: [char; 5] = ['│', '┃', '⏐', '❘', '❙'];

/// Letters of Turkish that look like no others.
const TURKISH: [char; 11] = ['ğ', 'Ğ', 'ş', 'Ş', 'İ', 'ç', 'Ç', 'ö', 'Ö', 'ü', 'Ü'];
/// What languages are written with, and looks like two letters.
const WRITTEN: [char; 6] = ['Æ', 'æ', 'Œ', 'œ', 'Þ', 'þ'];

/// Marks by which sites say that somebody is who they claim to be, or that something is safe.
const fn claims(c: char) -> bool {
    matches!(
        c,
        '®' | '©'
            | '℗'
            | '℠'
            | '™'
            | '√'
            | '☑'
            | '✅'
            | '✓'
            | '✔'
            | '🗸'
            | '🗹'
            | '🆗'
            | '🔏'
            | '🔐'
            | '🔒'
            | '🛡'
    )
}

/// The same letter, digit or space in another dress: full-width, mathematical, in a circle, phonetic. Single letters of
/// Hangul are words of their own today, and signs («…», «！», «㈜») are no letters.
fn is_variant(c: char) -> bool {
    let hangul_letter = matches!(c, '\u{3131}'..='\u{318E}');
    let phonetic = matches!(c, '\u{01C0}'..='\u{01C3}' | '\u{0250}'..='\u{02FF}' | '\u{1D00}'..='\u{1DBF}'
        | '\u{A720}'..='\u{A7FF}' | '\u{AB30}'..='\u{AB6F}');
    let plain = || std::iter::once(c).nfkc();
    let is_dressed = |plain: char| {
        plain.is_whitespace() || (plain.is_alphanumeric() && alphabet(plain) != Some(Alphabet::EastAsian))
    };
    let dressed = plain().ne(std::iter::once(c).nfc()) && plain().any(is_dressed);
    phonetic || (!hangul_letter && dressed)
}

/// How a letter is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Latin,
    /// Written beside Latin letters every day.
    EastAsian,
    Greek,
    Cyrillic,
    Other,
}

fn alphabet(c: char) -> Option<Alphabet> {
    match c {
        'a'..='z'
        | 'A'..='Z'
        | 'ª'
        | 'º'
        | 'À'..='Ö'
        | 'Ø'..='ö'
        | 'ø'..='\u{024F}'
        | '\u{1E00}'..='\u{1EFF}' => Some(Alphabet::Latin),
        '\u{0370}'..='\u{03FF}' | '\u{1F00}'..='\u{1FFF}' => Some(Alphabet::Greek),
        '\u{0400}'..='\u{052F}' | '\u{1C80}'..='\u{1C8F}' | '\u{A640}'..='\u{A69F}' => {
            Some(Alphabet::Cyrillic)
        }
        '\u{1100}'..='\u{11FF}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3031}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{A960}'..='\u{A97F}'
        | '\u{AC00}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}' => Some(Alphabet::EastAsian),
        c if c.is_alphabetic() => Some(Alphabet::Other),
        _ => None,
    }
}

/// One alphabet, and East Asian letters beside it. Hangul that is drawn like a Latin letter is not put next to one.
fn mixes_alphabets(name: &str) -> bool {
    let mut alphabets = name.chars().filter_map(alphabet).filter(|alphabet| *alphabet != Alphabet::EastAsian);
    let first = alphabets.next();
    let is_latin = |c: char| alphabet(c) == Some(Alphabet::Latin);
    let drawn_like_latin = |c: char| matches!(c, 'ㅇ' | 'ㅡ' | 'ㅣ' | '〇');
    alphabets.any(|alphabet| Some(alphabet) != first)
        || name.chars().zip(name.chars().skip(1)).any(|(one, next)| {
            (is_latin(one) && drawn_like_latin(next)) || (drawn_like_latin(one) && is_latin(next))
        })
}

/// Whether all letters that are not East Asian are of another alphabet and look like Latin ones.
fn stands_for_latin(name: &str) -> bool {
    let foreign = |c: &char| alphabet(*c).is_some_and(|alphabet| alphabet != Alphabet::EastAsian);
    let mut letters = name.nfd().filter(foreign).peekable();
    letters.peek().is_some() && letters.all(looks_latin)
}

/// Letters that nobody can tell from Latin ones (`confusables.txt` of Unicode).
fn looks_latin(c: char) -> bool {
    matches!(c,
        // Greek.
        'Α' | 'Β' | 'Ε' | 'Ζ' | 'Η' | 'Ι' | 'Κ' | 'Μ' | 'Ν' | 'Ο' | 'Ρ' | 'Τ' | 'Υ' | 'Χ' | 'Ϲ' | 'Ϳ'
        | 'α' | 'γ' | 'ι' | 'κ' | 'ν' | 'ο' | 'ρ' | 'σ' | 'τ' | 'υ' | 'ω' | 'ϲ' | 'ϳ'
        // Cyrillic.
        | 'А' | 'В' | 'Е' | 'З' | 'Ѕ' | 'І' | 'Ј' | 'К' | 'М' | 'Н' | 'О' | 'Р' | 'С' | 'Т' | 'У' | 'Ү' | 'Х' | 'Ԍ'
        | 'Ԛ' | 'Ԝ' | 'Ӏ' | 'Һ' | 'а' | 'в' | 'г' | 'е' | 'ѕ' | 'і' | 'ј' | 'к' | 'м' | 'н' | 'о' | 'п' | 'р' | 'с'
        | 'т' | 'у' | 'ү' | 'х' | 'ԁ' | 'ԛ' | 'ԝ' | 'ӏ' | 'һ' | 'ѵ'
        // Armenian, Cherokee, Coptic and Lisu.
        | 'Օ' | 'Տ' | 'Ս' | 'Լ' | 'ա' | 'գ' | 'հ' | 'ո' | 'ռ' | 'ս' | 'օ' | 'ց' | 'զ'
        | '\u{13A0}'..='\u{13FF}' | '\u{2C80}'..='\u{2CFF}' | '\u{A4D0}'..='\u{A4FF}' | '\u{AB70}'..='\u{ABBF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn se_09_names_that_can_be_taken_for_others_are_refused() {
        for name in [
            "Goоgle",
            "Кakao",
            "ΚΑΚΑΟ",
            "Ｋａｋａｏ",
            "𝐊akao",
            "ⓀⒶⓀⒶⓄ",
            "ᴋᴀᴋᴀᴏ",
            "саѕе",
            "АВС 카카오",
            "Gㅇㅇgle",
            "G〇〇gle",
            "lㅣne",
            "Google™",
            "Google ✔",
            "✅ 카카오",
            "Kakao ®",
            "☑ 네이버",
            "🛡 Bank",
            "ꓗꓮꓗꓮꓳ",
            "Αlpha Бета",
            "ﬁnance",
            "Kakao\u{a0}Bank",
            "ɡoogle",
            "GoogƖe",
            "Lınkedın",
            "G൦൦gle",
            "G๐๐gle",
            "G००gle",
            "Goog│e",
            "Goog∣e",
            "Goog⏐e",
            "PayPa׀",
            "Kaka೦",
            "¡nstagram",
            "K¡kao!",
            "¡nstagram!",
            "My ¡nstagram!",
            "¡Nstagram!",
            "¡Phone!",
            "¡Cloud Photos!",
            "¡Hola!",
            "App ¡hola, amigos!",
            "Fede×",
            "×box",
            "Net×flix",
            "①Kakao",
        ] {
            assert!(misleads(name), "{name}");
        }
    }

    #[test]
    fn names_of_every_day_are_not() {
        for name in [
            "나의 서비스",
            "카카오",
            "Kakao",
            "Kakao 뱅크",
            "ㅋㅋ TV",
            "한글 ㅇㅇ",
            "Café Société",
            "Straße",
            "日本語アプリ",
            "中文 App",
            "Яндекс Музыка",
            "Ελληνικά νέα",
            "مرحبا",
            "עברית",
            "หนังสือ",
            "👩‍👩‍👧 가족",
            "Notes & Co. (beta) #1",
            "C++ 공부",
            "Đà Nẵng",
            "2026 – 내 일정",
            "☕ 커피",
            "İstanbul",
            "Kırmızı Şemsiye",
            "Ærø Færge",
            "Þórr",
            "Łódź",
            "Việt Nam",
            "हिंदी १००",
            "Rock’n’Roll – “A” · B",
            "App │ 서비스",
            "나의 App × 너의 앱",
            "나이키×Kakao",
            "Nike×카카오",
            "Hola, amigos!",
            "¿Qué tal?",
            "㈜한국 Apps",
            "잠깐… Wait",
            "你好！App",
        ] {
            assert!(!misleads(name), "{name}");
        }
    }
}
