//! Sealed values, AES-256-GCM-SIV — RFC 8452 §4.
//!
//! What the server gives away to get back later (codes, steps, cursors, cookies) is sealed: nobody can
//! read or change it. Each kind of value is a [`Purpose`] and has a key and a Rust type of its own, so a
//! `state` can never be taken for a code. GCM-SIV survives a repeated nonce, so random nonces have no
//! limit that a busy server could run into.
//!
//! A sealed text is `<key id>.<base64url(nonce ‖ ciphertext ‖ tag)>`, and has no other spelling.

use std::{fmt, marker::PhantomData, process};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::{base64url, digest::hkdf_sha256, random, secret::Secret};

/// How long a key id may be.
const MAX_ID: usize = 32;

/// Why a text was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It has not the form of a sealed text.
    #[error("not a sealed text")]
    Malformed,
    /// It names a key that this sealer does not hold: look whether a new one was published.
    #[error("sealed under an unknown key")]
    UnknownKey,
    /// It was changed, made up, or sealed for another purpose or other associated data.
    #[error("the seal is broken")]
    Forged,
}

/// Why roots cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// There is none.
    #[error("no sealing key")]
    None,
    /// An id is not 1 to 32 characters of base64url.
    #[error("a sealing key's id is not 1 to 32 base64url characters")]
    Id,
    /// Two roots have one id.
    #[error("two sealing keys have the same id")]
    DuplicateId,
}

/// What a sealed value is for. Implemented by an empty type, one for each kind of value.
pub trait Purpose {
    /// The name that the key is derived with: unique, and never changed while sealed values live.
    const NAME: &'static str;
}

/// The secret that the keys of all purposes are derived from.
#[derive(Clone, Debug)]
pub struct SealRoot {
    id: String,
    secret: Secret<[u8; 32]>,
}

impl SealRoot {
    /// Makes a root of 256 random bits with a random id of 8 characters.
    #[must_use]
    pub fn generate() -> Self {
        Self { id: random::text::<6>(), secret: Secret::new(random::bytes()) }
    }

    /// The root that was kept under `id`.
    ///
    /// # Errors
    /// [`RootError::Id`].
    pub fn from_bytes(id: impl Into<String>, secret: [u8; 32]) -> Result<Self, RootError> {
        let id = id.into();
        if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(is_base64url) {
            return Err(RootError::Id);
        }
        Ok(Self { id, secret: Secret::new(secret) })
    }

    /// The id, which stands in front of every text sealed under this root.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The secret bytes, to be wrapped under the master key and kept.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        self.secret.expose()
    }
}

/// Seals and opens values of one purpose. Make it once: it holds the prepared keys.
pub struct Sealer<P: Purpose> {
    current: DerivedKey,
    older: Vec<DerivedKey>,
    purpose: PhantomData<fn() -> P>,
}

struct DerivedKey {
    id: String,
    key: LessSafeKey,
}

impl<P: Purpose> Sealer<P> {
    /// Derives this purpose's keys: the first root seals, all of them open.
    ///
    /// # Errors
    /// [`RootError::None`] or [`RootError::DuplicateId`].
    pub fn new(roots: &[SealRoot]) -> Result<Self, RootError> {
        let (current, older) = roots.split_first().ok_or(RootError::None)?;
        let mut ids: Vec<&str> = roots.iter().map(SealRoot::id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() != roots.len() {
            return Err(RootError::DuplicateId);
        }
        let derive = |root| DerivedKey::new(root, P::NAME);
        Ok(Self { current: derive(current), older: older.iter().map(derive).collect(), purpose: PhantomData })
    }

    /// Seals `plaintext`, bound to `aad`, under the current key.
    ///
    /// It has no error: the cipher refuses only texts of 64 GiB, at which the process ends.
    #[must_use]
    pub fn seal(&self, plaintext: &[u8], aad: &[u8]) -> String {
        self.current.seal(plaintext, aad)
    }

    /// Whether it holds the key that the text names. The text may be anything; what no sealer made names none.
    #[must_use]
    pub fn knows_key_of(&self, text: &str) -> bool {
        let named = split(text).ok().map(|(id, _)| id);
        named.is_none_or(|id| std::iter::once(&self.current).chain(&self.older).any(|key| key.id == id))
    }

    /// Opens a text that [`seal`](Self::seal) made for this purpose with the same `aad`.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::UnknownKey`] is worth a look for newly published keys.
    pub fn open(&self, text: &str, aad: &[u8]) -> Result<Vec<u8>, Error> {
        let (id, sealed) = split(text)?;
        std::iter::once(&self.current)
            .chain(&self.older)
            .find(|key| key.id == id)
            .ok_or(Error::UnknownKey)?
            .open(sealed, aad)
    }
}

impl<P: Purpose> fmt::Debug for Sealer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("purpose", &P::NAME).field("current", &self.current.id).finish()
    }
}

impl DerivedKey {
    fn new(root: &SealRoot, purpose: &str) -> Self {
        let derived = hkdf_sha256(b"", root.expose(), format!("mapae seal {purpose}").as_bytes());
        match UnboundKey::new(&AES_256_GCM_SIV, derived.expose()) {
            Ok(key) => Self { id: root.id.clone(), key: LessSafeKey::new(key) },
            // A key of the right length is refused only when memory is exhausted.
            Err(_) => process::abort(),
        }
    }

    fn seal(&self, plaintext: &[u8], aad: &[u8]) -> String {
        let nonce: [u8; NONCE_LEN] = random::bytes();
        let mut body = Vec::with_capacity(plaintext.len() + AES_256_GCM_SIV.tag_len());
        body.extend_from_slice(plaintext);
        let sealed =
            self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut body);
        if sealed.is_err() {
            process::abort();
        }
        let length = base64url::encoded_len(NONCE_LEN + body.len());
        let mut text = String::with_capacity(self.id.len() + 1 + length);
        text.push_str(&self.id);
        text.push('.');
        // 12 bytes make 16 characters with no bits left over, so the parts may be encoded one by one.
        base64url::encode_into(&nonce, &mut text);
        base64url::encode_into(&body, &mut text);
        text
    }

    fn open(&self, sealed: &str, aad: &[u8]) -> Result<Vec<u8>, Error> {
        let mut bytes = base64url::decode(sealed).map_err(|_| Error::Malformed)?;
        let nonce = *bytes.first_chunk::<NONCE_LEN>().ok_or(Error::Malformed)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = self
            .key
            .open_within(nonce, Aad::from(aad), &mut bytes, NONCE_LEN..)
            .map_err(|_| Error::Forged)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

/// The key under which all other keys are kept: from a file or the environment, never in the database.
#[derive(Debug)]
pub struct MasterKey(Sealer<Master>);

struct Master;

impl Purpose for Master {
    const NAME: &'static str = "master";
}

impl MasterKey {
    /// Prepares the master key.
    ///
    /// Its id is a fingerprint, so that opening what another master key wrapped is
    /// [`Error::UnknownKey`] and not a suspicion of forgery.
    #[must_use]
    pub fn new(secret: &Secret<[u8; 32]>) -> Self {
        let [a, b, c, d, e, f, ..] = *hkdf_sha256(b"", secret.expose(), b"mapae master key id").expose();
        let root =
            SealRoot { id: base64url::encode([a, b, c, d, e, f]), secret: Secret::new(*secret.expose()) };
        let current = DerivedKey::new(&root, Master::NAME);
        Self(Sealer { current, older: Vec::new(), purpose: PhantomData })
    }

    /// The key's fingerprint: stands in front of everything that it wrapped.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.current.id
    }

    /// Seals a key for keeping; `label` says which one it is and must be the same again.
    #[must_use]
    pub fn wrap_key(&self, key: &[u8], label: &[u8]) -> String {
        self.0.seal(key, label)
    }

    /// Opens what [`wrap_key`](Self::wrap_key) made.
    ///
    /// # Errors
    /// [`Error::UnknownKey`] when another master key wrapped it; see [`Error`].
    pub fn unwrap_key(&self, text: &str, label: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
        self.0.open(text, label).map(Secret::new)
    }
}

fn split(text: &str) -> Result<(&str, &str), Error> {
    let (id, sealed) = text.split_once('.').ok_or(Error::Malformed)?;
    let shortest = base64url::encoded_len(NONCE_LEN + AES_256_GCM_SIV.tag_len());
    if id.is_empty() || id.len() > MAX_ID || sealed.len() < shortest {
        return Err(Error::Malformed);
    }
    Ok((id, sealed))
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod wycheproof_tests;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Code;
    impl Purpose for Code {
        const NAME: &'static str = "code";
    }
    struct State;
    impl Purpose for State {
        const NAME: &'static str = "state";
    }

    fn root(id: &str, fill: u8) -> SealRoot {
        SealRoot::from_bytes(id, [fill; 32]).unwrap()
    }

    #[test]
    fn jo_17_a_text_of_one_purpose_never_opens_for_another() {
        let roots = [SealRoot::generate()];
        let (codes, states) = (Sealer::<Code>::new(&roots).unwrap(), Sealer::<State>::new(&roots).unwrap());
        let code = codes.seal(b"grant", b"");
        assert_eq!(codes.open(&code, b"").unwrap(), b"grant");
        assert_eq!(states.open(&code, b""), Err(Error::Forged));
        let master = MasterKey::new(&Secret::new(*roots[0].expose()));
        assert_eq!(master.unwrap_key(&code, b"").err(), Some(Error::UnknownKey));
        let renamed = format!("{}.{}", master.id(), code.split_once('.').unwrap().1);
        assert_eq!(master.unwrap_key(&renamed, b"").err(), Some(Error::Forged));
    }

    #[test]
    fn rotation_keeps_old_texts_alive_until_their_root_goes() {
        let old = Sealer::<Code>::new(&[root("old", 1)]).unwrap();
        let both = Sealer::<Code>::new(&[root("new", 2), root("old", 1)]).unwrap();
        let new = Sealer::<Code>::new(&[root("new", 2)]).unwrap();
        let (before, after) = (old.seal(b"x", b""), both.seal(b"x", b""));
        assert!(before.starts_with("old.") && after.starts_with("new."));
        assert_eq!(both.open(&before, b"").unwrap(), b"x");
        assert_eq!(new.open(&after, b"").unwrap(), b"x");
        assert_eq!(new.open(&before, b""), Err(Error::UnknownKey));
        assert_eq!(both.open(&before.replacen("old", "new", 1), b""), Err(Error::Forged));
    }

    /// RFC 8452 §4.
    #[test]
    fn co_04_malformed_texts() {
        let codes = Sealer::<Code>::new(&[root("k", 1)]).unwrap();
        let good = codes.seal(b"", b"");
        assert_eq!(good.len(), 2 + 38, "12 bytes of nonce, no text, 16 bytes of tag");
        let long = "k".repeat(33) + &good[1..];
        for bad in ["", ".", "k", "k.", &good[..good.len() - 1], &good[1..], &long, &format!("{good}=")] {
            assert_eq!(codes.open(bad, b""), Err(Error::Malformed), "{bad:?}");
        }
        assert_eq!(codes.open(&format!("{good}.{good}"), b""), Err(Error::Malformed));
        assert_eq!(codes.open(&format!("x{}", &good[1..]), b""), Err(Error::UnknownKey));
        assert_eq!(codes.open(&good, b"other"), Err(Error::Forged));
        assert_eq!(codes.open(&format!("{good}AA"), b""), Err(Error::Forged));
    }

    #[test]
    fn sealing_twice_gives_different_texts() {
        let codes = Sealer::<Code>::new(&[SealRoot::generate()]).unwrap();
        assert_ne!(codes.seal(b"x", b""), codes.seal(b"x", b""));
    }

    #[test]
    fn roots_are_checked_and_secret() {
        assert_eq!(Sealer::<Code>::new(&[]).err(), Some(RootError::None));
        assert_eq!(Sealer::<Code>::new(&[root("a", 1), root("a", 2)]).err(), Some(RootError::DuplicateId));
        for id in ["", "a.b", "a b", "한", &"a".repeat(33)] {
            assert_eq!(SealRoot::from_bytes(id, [0; 32]).err(), Some(RootError::Id), "{id:?}");
        }
        let kept = SealRoot::generate();
        assert_eq!(SealRoot::from_bytes(kept.id(), *kept.expose()).unwrap().expose(), kept.expose());
        assert_eq!(format!("{:?}", root("a", 1)), r#"SealRoot { id: "a", secret: *** }"#);
        let shown = format!("{:?}", Sealer::<Code>::new(&[root("a", 1)]).unwrap());
        assert_eq!(shown, r#"Sealer { purpose: "code", current: "a" }"#);
    }

    #[test]
    fn wrapped_keys_need_their_master_key_and_label() {
        let master = MasterKey::new(&Secret::new([7; 32]));
        let wrapped = master.wrap_key(b"pkcs8", b"signing key 1");
        assert_eq!(master.unwrap_key(&wrapped, b"signing key 1").unwrap().expose(), b"pkcs8");
        assert_eq!(master.unwrap_key(&wrapped, b"signing key 2").err(), Some(Error::Forged));
        let other = MasterKey::new(&Secret::new([8; 32]));
        assert_eq!(other.unwrap_key(&wrapped, b"signing key 1").err(), Some(Error::UnknownKey));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn co_04_changed_texts_never_open(plain: Vec<u8>, aad: Vec<u8>, at: prop::sample::Index, to in "[A-Za-z0-9_.=-]") {
            let codes = Sealer::<Code>::new(&[root("key1", 1), root("key2", 2)]).unwrap();
            let text = codes.seal(&plain, &aad);
            prop_assert_eq!(codes.open(&text, &aad).unwrap(), plain);
            let at = at.index(text.len());
            let changed = format!("{}{to}{}", &text[..at], &text[at + 1..]);
            prop_assert!(changed == text || codes.open(&changed, &aad).is_err());
            prop_assert!(codes.open(&text[..at], &aad).is_err());
        }

        #[test]
        fn hostile_texts_never_panic(text: String) {
            let codes = Sealer::<Code>::new(&[root("k", 1)]).unwrap();
            prop_assert!(codes.open(&text, b"").is_err());
            let named = format!("k.{text}");
            prop_assert!(codes.open(&named, b"").is_err());
        }
    }
}
