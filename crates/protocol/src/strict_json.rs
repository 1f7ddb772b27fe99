//! JSON in which nothing is said twice — RFC 7515 §4, RFC 8259 §4.
//!
//! Two parsers that disagree on a duplicate name disagree on who the token is for. So a text is walked
//! once before it is given to a type: names repeated at any level, nesting beyond [`MAX_DEPTH`], bytes
//! after the value and texts that are too long are refused, whether or not the type would have looked.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// How deep arrays and objects may be nested; the outermost one counts.
pub const MAX_DEPTH: usize = 16;

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is longer than the caller allows.
    #[error("the JSON text is too long")]
    TooLong,
    /// It is not one JSON value in UTF-8, or something follows the value.
    #[error("not a JSON text")]
    Malformed,
    /// A name occurs twice in one object.
    #[error("a name occurs twice in a JSON object")]
    DuplicateName,
    /// Arrays and objects are nested more than [`MAX_DEPTH`] deep.
    #[error("the JSON text is nested too deep")]
    TooDeep,
    /// The outermost value is not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// A member is missing or has another type than it must have.
    #[error("a member is missing or has the wrong type")]
    Mismatch,
}

impl Error {
    /// For readers that tell only two things apart: a member that is wrong, and a text that is no such object at all.
    pub fn mismatch_or<E>(self, mismatch: E, no_object: E) -> E {
        match self {
            Self::Mismatch => mismatch,
            Self::TooLong | Self::Malformed | Self::DuplicateName | Self::TooDeep | Self::NotAnObject => {
                no_object
            }
        }
    }
}

/// Reads one JSON value of any kind.
///
/// # Errors
/// An [`Error`] for the first rule that is broken.
pub fn parse<'de, T: Deserialize<'de>>(text: &'de [u8], max_bytes: usize) -> Result<T, Error> {
    from_checked(check(text, max_bytes)?)
}

/// Reads one JSON object.
///
/// Types that are structs accept an array of their fields' values from serde as well; here they do not.
///
/// # Errors
/// An [`Error`] for the first rule that is broken.
pub fn parse_object<'de, T: Deserialize<'de>>(text: &'de [u8], max_bytes: usize) -> Result<T, Error> {
    from_checked(check_object(text, max_bytes)?)
}

/// Checks all rules without building anything, and that the outermost value is an object.
///
/// # Errors
/// An [`Error`] for the first rule that is broken; never [`Error::Mismatch`].
pub fn check_object(text: &[u8], max_bytes: usize) -> Result<&str, Error> {
    let checked = check(text, max_bytes)?;
    if checked.trim_ascii_start().starts_with('{') { Ok(checked) } else { Err(Error::NotAnObject) }
}

/// Whether a text in it, a name or a value, holds NUL, which no text of a database can.
#[must_use]
pub fn holds_nul(object: &Map<String, Value>) -> bool {
    fn in_value(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(items) => items.iter().any(in_value),
            Value::Object(members) => holds_nul(members),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    object.iter().any(|(name, value)| name.contains('\0') || in_value(value))
}

/// Reads a member that may be absent but, when it is there, has a value: `null` is refused.
///
/// For `#[serde(default, deserialize_with = "strict_json::present")]` on an `Option`; serde alone takes
/// `null` for absent.
///
/// # Errors
/// The deserializer's, when the value is not a `T`.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Whether a member is there at all, be it `null`; for
/// `#[serde(default, deserialize_with = "strict_json::is_there")]` on a `bool`.
///
/// # Errors
/// The deserializer's, when the text is not JSON.
pub fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// Gives a text that passed the walk to a type.
pub(crate) fn from_checked<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|_| Error::Mismatch)
}

fn check(text: &[u8], max_bytes: usize) -> Result<&str, Error> {
    if text.len() > max_bytes {
        return Err(Error::TooLong);
    }
    let text = str::from_utf8(text).map_err(|_| Error::Malformed)?;
    let refusal = Cell::new(Error::Malformed);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Walk { depth: 0, refusal: &refusal }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .map_err(|_| refusal.get())?;
    Ok(text)
}

/// Visits every value and remembers which rule was broken, because serde's errors are only texts.
#[derive(Clone, Copy)]
struct Walk<'c> {
    depth: usize,
    refusal: &'c Cell<Error>,
}

impl Walk<'_> {
    fn refuse<E: serde::de::Error>(self, error: Error) -> E {
        self.refusal.set(error);
        E::custom(error)
    }

    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.refuse(Error::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while values.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut names = Vec::with_capacity(16);
        while let Some(name) = members.next_key_seed(Name)? {
            names.push(name);
            members.next_value_seed(inside)?;
        }
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [left, right] if left == right)) {
            return Err(self.refuse(Error::DuplicateName));
        }
        Ok(())
    }
}

/// A member's name after its escapes are resolved: `"\u0061lg"` and `"alg"` are one name.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn refusal(text: &str) -> Option<Error> {
        parse::<Value>(text.as_bytes(), 1 << 20).err()
    }

    /// RFC 8259 §4.
    #[test]
    fn jo_13_duplicate_names_are_refused_at_every_level() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"c":3,"a":{}}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"y":[{"a":1,"a":2}]}}"#,
            r#"[{"a":1},{"a":1,"a":2}]"#,
            r#"{"":1,"":2}"#,
        ] {
            assert_eq!(refusal(text), Some(Error::DuplicateName), "{text}");
        }
        assert_eq!(refusal(r#"{"a":{"a":{"a":1}},"A":1,"__proto__":{"a":1}}"#), None);
    }

    /// RFC 8259 §6: what no integer of a machine holds is read as the nearest number that there is, and stays that.
    #[test]
    fn jo_13_a_number_is_written_again_as_it_was_read() {
        for text in [
            "140621055555555555555349",
            "19453333300000033396070086781610",
            "1.7976931348623157e308",
            "5e-324",
        ] {
            let read: Value = parse(text.as_bytes(), 100).unwrap();
            assert_eq!(read.as_f64(), text.parse().ok(), "{text}");
            assert_eq!(parse::<Value>(read.to_string().as_bytes(), 100), Ok(read), "{text}");
        }
    }

    #[test]
    fn jo_13_duplicates_are_seen_by_types_that_ignore_them() {
        #[derive(Debug, Deserialize)]
        struct Claims {
            #[expect(dead_code, reason = "only parsed")]
            sub: String,
        }
        let text = br#"{"sub":"alice","ignored":{"a":1,"a":2}}"#;
        assert_eq!(parse_object::<Claims>(text, 100).unwrap_err(), Error::DuplicateName);
        assert_eq!(parse_object::<Claims>(br#"["alice"]"#, 100).unwrap_err(), Error::NotAnObject);
        assert_eq!(parse_object::<Claims>(br#"{"sub":1}"#, 100).unwrap_err(), Error::Mismatch);
        assert_eq!(parse_object::<Claims>(b"{}", 100).unwrap_err(), Error::Mismatch);
        assert!(parse_object::<Claims>(b" \n{\"sub\":\"alice\"}\t", 100).is_ok());
    }

    #[test]
    fn jo_13_depth_and_size_are_bounded() {
        let nested = |open: &str, close: &str, depth: usize| open.repeat(depth) + "1" + &close.repeat(depth);
        assert_eq!(refusal(&nested("[", "]", MAX_DEPTH)), None);
        assert_eq!(refusal(&nested("[", "]", MAX_DEPTH + 1)), Some(Error::TooDeep));
        assert_eq!(refusal(&nested("{\"a\":", "}", MAX_DEPTH)), None);
        assert_eq!(refusal(&nested("{\"a\":", "}", 100_000)), Some(Error::TooDeep));
        assert_eq!(refusal(&nested("[", "]", 100_000)), Some(Error::TooDeep));
        assert_eq!(parse::<Value>(b"[1,2]", 5), Ok(serde_json::json!([1, 2])));
        assert_eq!(parse::<Value>(b"[1,2]", 4), Err(Error::TooLong));
    }

    #[test]
    fn jo_13_not_json() {
        for text in [
            "",
            " ",
            "{",
            "{}{}",
            "{} x",
            "{},",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "01",
            "+1",
            "'a'",
            "{a:1}",
            r#"{"a":1,}"#,
            "[1,]",
            r#""\ud800""#,
            r#"{"\udc00":1}"#,
            "\u{feff}{}",
            "\"\u{0}\"",
            "// x\n{}",
            "nul",
        ] {
            assert_eq!(refusal(text), Some(Error::Malformed), "{text:?}");
        }
        assert_eq!(parse::<Value>(b"\"\xff\"", 10), Err(Error::Malformed));
        assert_eq!(parse::<Value>(b"\"\xed\xa0\x80\"", 10), Err(Error::Malformed));
    }

    #[test]
    fn many_names_do_not_take_quadratic_time() {
        let members: Vec<String> = (0..40_000).map(|at| format!("\"{at}\":0")).collect();
        let text = format!("{{{}}}", members.join(","));
        assert_eq!(refusal(&text), None);
    }

    #[test]
    fn nul_is_found_wherever_it_stands() {
        for (text, holds) in [
            (r#"{"a":"b","c":[{"d":["e"]}],"f":"\\u0000"}"#, false),
            (r#"{"a":"\u0000"}"#, true),
            (r#"{"\u0000":1}"#, true),
            (r#"{"a":[1,["x\u0000"]]}"#, true),
            (r#"{"a":{"b":[{"\u0000":null}]}}"#, true),
        ] {
            let object = parse_object(text.as_bytes(), 100).unwrap();
            assert_eq!(holds_nul(&object), holds, "{text}");
        }
    }

    #[test]
    fn null_is_not_absent() {
        #[derive(Deserialize)]
        struct Claims {
            #[serde(default, deserialize_with = "present")]
            nonce: Option<String>,
        }
        assert_eq!(parse_object::<Claims>(b"{}", 100).unwrap().nonce, None);
        assert_eq!(parse_object::<Claims>(br#"{"nonce":"n"}"#, 100).unwrap().nonce.unwrap(), "n");
        assert!(parse_object::<Claims>(br#"{"nonce":null}"#, 100).is_err());
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(text: Vec<u8>) {
            let _ = parse::<Value>(&text, 1 << 20);
        }

        #[test]
        fn what_it_accepts_is_what_serde_reads(text in r#"[\[\]{}:,"a1 \\u0-]{0,24}"#) {
            if let Ok(value) = parse::<Value>(text.as_bytes(), 100) {
                prop_assert_eq!(value, serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
