//! The specification's own examples — RFC 9449 §4.2, §6.1, §7.1.

use super::{Address, Error, Expectations, Proof};
use crate::time::{Seconds, Timestamp};

/// RFC 9449 §4.2, Figure 2.
const FOR_A_TOKEN: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

/// RFC 9449 §7.1, Figure 12.
const WITH_A_TOKEN: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";

/// RFC 9449 §7.1, Figure 12: the token of that request.
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

#[test]
fn proof_of_rfc_9449_4_2() {
    let expected = Expectations {
        method: "POST",
        address: &address("https://server.example.com/token"),
        access_token: None,
        now: Timestamp::from_unix(1_562_262_616),
    };
    let proof = Proof::verify(FOR_A_TOKEN, &expected).unwrap();
    // RFC 9449 §6.1: `jkt` of the access token in Figure 9.
    assert_eq!(proof.key().to_string(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    assert_eq!(proof.nonce(), None);
}

#[test]
fn proof_of_rfc_9449_7_1() {
    let resource = address("https://resource.example.org/protectedresource");
    let expected = Expectations {
        method: "GET",
        address: &resource,
        access_token: Some(TOKEN),
        now: Timestamp::from_unix(1_562_262_618).plus(Seconds::seconds(10)),
    };
    assert!(Proof::verify(WITH_A_TOKEN, &expected).is_ok());
    let other =
        Expectations { access_token: Some("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxV"), ..expected };
    assert_eq!(Proof::verify(WITH_A_TOKEN, &other), Err(Error::AccessToken));
}
