//! What this server seals and strangers bring back.

use std::sync::LazyLock;

use mapae_protocol::{
    base64url,
    seal::{MasterKey, Purpose, SealRoot, Sealer},
    secret::Secret,
};

use crate::property::{fixed, text, two};

struct One;

impl Purpose for One {
    const NAME: &'static str = "one";
}

struct Other;

impl Purpose for Other {
    const NAME: &'static str = "other";
}

/// The same in every run.
static ROOT: LazyLock<Option<SealRoot>> = LazyLock::new(|| SealRoot::from_bytes("fuzz", [9; 32]).ok());

/// Nothing opens but what was sealed, for the same purpose and beside the same.
pub(crate) fn seal(bytes: &[u8]) {
    let (aad, plain) = two(bytes);
    let Some(root) = ROOT.as_ref().map(std::slice::from_ref) else { return };
    let (Ok(one), Ok(other)) = (Sealer::<One>::new(root), Sealer::<Other>::new(root)) else { return };
    let sealed = one.seal(plain, aad);
    assert_eq!(one.open(&sealed, aad).as_deref(), Ok(plain));
    assert!(other.open(&sealed, aad).is_err(), "one purpose for another");
    assert!(one.open(&sealed, &[aad, b"x"].concat()).is_err(), "beside something else");
    assert!(one.open(&changed(&sealed, bytes), aad).is_err(), "another text than the one that was sealed");
    let Some(text) = text(bytes) else { return };
    // Only this function has the key, and each of its seals has a nonce of its own: no input is one of them.
    let opened = one.open(text, b"");
    assert!(opened.is_err(), "a forged seal");
    if let Err(error) = opened {
        fixed(&error, text);
    }
    let master = MasterKey::new(&Secret::new([5; 32]));
    let wrapped = master.wrap_key(plain, aad);
    assert!(master.unwrap_key(&wrapped, aad).is_ok_and(|key| key.expose().as_slice() == plain));
    assert!(master.unwrap_key(text, b"").is_err());
}

/// The text with another character in one place, which the input chooses.
fn changed(sealed: &str, bytes: &[u8]) -> String {
    let at = bytes.iter().map(|byte| usize::from(*byte)).sum::<usize>() % sealed.len().max(1);
    let put = |(place, was): (usize, char)| match was {
        _ if place != at => was,
        'A' => 'B',
        _ => 'A',
    };
    sealed.chars().enumerate().map(put).collect()
}

/// Codes, tokens and steps: a text of a stranger is none, and what is inside of a seal can be written again.
pub(crate) fn sealed_tokens(bytes: &[u8]) {
    let Some(root) = ROOT.as_ref() else { return };
    if let Some(text) = text(bytes) {
        assert_eq!(mapae::fuzzing::sealed(text, root), 0, "a forged token");
    }
    mapae::fuzzing::unsealed(bytes);
}

/// Base64url has one spelling for each value.
pub(crate) fn base64(bytes: &[u8]) {
    let encoded = base64url::encode(bytes);
    assert_eq!(base64url::decode(&encoded).as_deref(), Ok(bytes));
    assert_eq!(encoded.len(), base64url::encoded_len(bytes.len()));
    let Some(text) = text(bytes) else { return };
    if let Ok(decoded) = base64url::decode(text) {
        assert_eq!(base64url::encode(&decoded), text, "two spellings of one value");
        assert_eq!(base64url::decode_array::<32>(text).is_ok(), decoded.len() == 32);
    }
}
