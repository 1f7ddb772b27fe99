//! The segments of a JPEG that hold its picture.
//!
//! Notes of cameras and programs are left away unread.

use super::bare::{Bare, Bytes};

/// Start of the scans: from here on there are pixels.
const SOS: u8 = 0xda;
/// Says in which way colours are written (Adobe's note).
const APP14: u8 = 0xee;

/// The file with nothing but its picture; `None` when it is not a JPEG.
pub(super) fn bare(file: &[u8]) -> Option<Bare> {
    let mut rest = Bytes::of(file.strip_prefix(b"\xff\xd8")?);
    let mut kept = b"\xff\xd8".to_vec();
    let mut size = None;
    loop {
        if rest.take(1)? != [0xff] {
            return None;
        }
        let mut marker = byte(&mut rest)?;
        // Any number of fill bytes may stand before a marker.
        while marker == 0xff {
            marker = byte(&mut rest)?;
        }
        let length = usize::from(rest.ahead(2).map(be16)?);
        let segment = rest.take(length)?;
        if is_frame(marker) {
            // One frame, with one size.
            if size.is_some() {
                return None;
            }
            size = Some((be16(segment.get(5..7)?), be16(segment.get(3..5)?)));
        }
        if !is_note(marker) {
            kept.extend_from_slice(&[0xff, marker]);
            kept.extend_from_slice(segment);
        }
        if marker == SOS {
            kept.extend_from_slice(rest.left());
            let (width, height) = size?;
            return Some(Bare { file: kept, width: width.into(), height: height.into() });
        }
    }
}

fn byte(rest: &mut Bytes<'_>) -> Option<u8> {
    rest.take(1)?.first().copied()
}

/// `SOFn`: all of C0 to CF but the tables among them.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// `APPn` and `COM`.
fn is_note(marker: u8) -> bool {
    matches!(marker, 0xe0..=0xef | 0xfe) && marker != APP14
}

fn be16(bytes: &[u8]) -> u16 {
    bytes.iter().take(2).fold(0, |number, byte| number << 8 | u16::from(*byte))
}
