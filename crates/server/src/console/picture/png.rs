//! The chunks of a PNG that hold its picture.
//!
//! Everything else is left away unread: a profile (`iCCP`) or a text (`zTXt`, `iTXt`) unpacks to a thousand times its
//! length.

use super::bare::{Bare, Bytes};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// What a picture needs: its size, its colours, which of them are transparent, its pixels, its end.
const NEEDED: [&[u8]; 5] = [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"];
/// Length, type and checksum of a chunk, in bytes.
const FRAME: usize = 12;

/// The file with nothing but its picture; `None` when it is not a PNG.
pub(super) fn bare(file: &[u8]) -> Option<Bare> {
    let mut rest = Bytes::of(file.strip_prefix(SIGNATURE)?);
    let mut kept = SIGNATURE.to_vec();
    let mut size = None;
    loop {
        let length = usize::try_from(rest.ahead(4).map(be32)?).ok()?;
        let chunk = rest.take(length.checked_add(FRAME)?)?;
        let (kind, content) = (chunk.get(4..8)?, chunk.get(8..8 + length)?);
        // The size stands first, and once.
        if (kind == b"IHDR") != size.is_none() {
            return None;
        }
        if size.is_none() {
            size = Some((be32(content.get(..4)?), be32(content.get(4..8)?)));
        }
        if NEEDED.contains(&kind) {
            kept.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return size.map(|(width, height)| Bare { file: kept, width, height });
        }
    }
}

fn be32(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |number, byte| number << 8 | u32::from(*byte))
}
