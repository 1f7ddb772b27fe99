//! HMAC-SHA256 over three parameters and AES-128-CBC over the person's id, both under the MD5 of the secret (Naver).

use aws_lc_rs::{
    cipher::{AES_128, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    iv::FixedLength,
};
use mapae_protocol::{base64url, digest::HmacKey, time::Timestamp};
use md5::{Digest as _, Md5};

use super::{about, fresh, named, one, parameters, secret};
use crate::{
    definition::NoticeRule,
    notice::{Notice, NoticeError, ProvedNotice},
    provider::Provider,
};

/// The signature first: nothing is decrypted that Naver has not sent.
pub(super) fn naver(
    provider: &Provider,
    rule: &NoticeRule,
    notice: &Notice<'_>,
    now: Timestamp,
) -> Result<ProvedNotice, NoticeError> {
    let params = parameters(notice)?;
    let (client_id, encrypted) = (one(&params, "clientId")?, one(&params, "encryptUniqueId")?);
    let timestamp = one(&params, "timestamp")?;
    let key: [u8; 16] = Md5::digest(secret(provider)?.as_bytes()).into();
    let signed = format!("clientId={client_id}&encryptUniqueId={encrypted}&timestamp={timestamp}");
    let signature = base64url::decode(one(&params, "signature")?).map_err(|_| NoticeError::Malformed)?;
    if !HmacKey::new(&key).verify(signed.as_bytes(), &signature) || client_id != provider.client_id() {
        return Err(NoticeError::Unproved);
    }
    fresh(timestamp.parse().map_err(|_| NoticeError::Malformed)?, now)?;
    let id = decrypt(&key, encrypted).ok_or(NoticeError::Malformed)?;
    Ok(named(&signature, about(provider, rule, &id, &signature)?))
}

/// The id is written in either alphabet, with padding or without: it is the same notice however it is spelt,
/// because its name is the signature over that spelling. Nothing else here is read so generously.
fn decrypt(key: &[u8; 16], encrypted: &str) -> Option<String> {
    let spelt = encrypted.trim_end_matches('=').replace('+', "-").replace('/', "_");
    let bytes = base64url::decode(&spelt).ok()?;
    let (iv, text) = bytes.split_at_checked(16)?;
    let iv: [u8; 16] = iv.try_into().ok()?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_128, key).ok()?).ok()?;
    let mut text = text.to_vec();
    let plain = key.decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    String::from_utf8(plain.to_vec()).ok().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::{
        EventKind,
        proofs::{NOW, heard, provider},
    };

    #[test]
    fn naver_the_documented_vector_and_everything_that_is_not_it() {
        let provider = provider("naver", "emuClient01", "emuSecret01");
        let id = "AAECAwQFBgcICQoLDA0ODz-Ycz2I-knxtG3KxhouHKo";
        let good = format!(
            "clientId=emuClient01&encryptUniqueId={id}&timestamp=1793000000&signature=ShQ5kLJotY0qanlQ0A3pFmJCmnOmijfhFf2xBxfu05w"
        );
        let hear = |body: &str, now| heard(&provider, "disconnect", body, now);
        assert_eq!(hear(&good, NOW.unix()), Ok(vec![("Nv-Emu_User0001".to_owned(), EventKind::Unlinked)]));
        assert_eq!(hear(&good, NOW.unix() + 3_601), Err(400), "an old one");
        assert_eq!(hear(&good, NOW.unix() - 61), Err(400), "from the future");
        assert_eq!(hear(&good.replace("1793000000", "1793000001"), NOW.unix()), Err(403));
        assert_eq!(hear(&good.replace("AAECAw", "AAECAx"), NOW.unix()), Err(403));
        assert_eq!(hear(&good.replace("emuClient01", "emuClient02"), NOW.unix()), Err(403));
        assert_eq!(hear(&good.replace("ShQ5", "ShQ6"), NOW.unix()), Err(403));
        assert_eq!(hear(&format!("{good}&clientId=emuClient01"), NOW.unix()), Err(400));
        assert_eq!(hear("", NOW.unix()), Err(400));
    }

    /// RFC 4648 §4, §5.
    #[test]
    fn lk_12_naver_an_id_in_the_other_alphabet_is_heard_and_never_before_its_signature() {
        let provider = provider("naver", "emuClient01", "emuSecret01");
        let key: [u8; 16] = Md5::digest("emuSecret01").into();
        let hear = |id: &str, sign: &str| {
            let signed = format!("clientId=emuClient01&encryptUniqueId={sign}&timestamp=1793000000");
            let signature = base64url::encode(HmacKey::new(&key).sign(signed.as_bytes()));
            let body = mapae_protocol::params::encode([
                ("clientId", "emuClient01"),
                ("encryptUniqueId", id),
                ("timestamp", "1793000000"),
                ("signature", signature.as_str()),
            ]);
            heard(&provider, "disconnect", &body, NOW.unix())
        };
        let url = "AAECAwQFBgcICQoLDA0ODz-Ycz2I-knxtG3KxhouHKo";
        let standard = "AAECAwQFBgcICQoLDA0ODz+Ycz2I+knxtG3KxhouHKo";
        let told = Ok(vec![("Nv-Emu_User0001".to_owned(), EventKind::Unlinked)]);
        for spelt in [url, standard, &format!("{url}="), &format!("{standard}=")] {
            assert_eq!(hear(spelt, spelt), told, "{spelt}");
        }
        assert_eq!(hear(standard, url), Err(403), "the signature covers the spelling");
        assert_eq!(hear("AAEC", "AAEC"), Err(400), "shorter than its first block");
        assert_eq!(hear("=", "="), Err(400));
    }
}
