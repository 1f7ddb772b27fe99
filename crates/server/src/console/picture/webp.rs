//! The chunks of a WebP that hold its picture — RFC 9649 §2.
//!
//! A file is written anew around them, so that its size is said once: in an extended file the size of the canvas and
//! that of the picture on it are two numbers. Of a film it is the first picture.

use super::bare::{Bare, Bytes};

/// The size of a chunk's name and length, in bytes.
const HEAD: usize = 8;
/// Place, size and time of a picture in a film, in bytes (RFC 9649 §2.7.1.1).
const OF_FILM: usize = 16;
/// In `VP8X`: the picture is transparent in places.
const ALPHA: u8 = 0x10;

/// The file with nothing but its picture; `None` when it is not a WebP.
pub(super) fn bare(file: &[u8]) -> Option<Bare> {
    let mut rest = Bytes::of(file);
    let header = rest.take(12)?;
    if header.get(..4)? != b"RIFF" || header.get(8..)? != b"WEBP" {
        return None;
    }
    let still = picture(rest)?;
    let (width, height) = still.size()?;
    let mut chunks = Vec::new();
    if let Still::Lossy { alpha: Some(alpha), .. } = still {
        let [left, middle, _, _] = (width - 1).to_le_bytes();
        let [top, centre, _, _] = (height - 1).to_le_bytes();
        let canvas = [ALPHA, 0, 0, 0, left, middle, 0, top, centre, 0];
        write(&mut chunks, *b"VP8X", &canvas)?;
        write(&mut chunks, *b"ALPH", alpha)?;
    }
    match still {
        Still::Lossy { pixels, .. } => write(&mut chunks, *b"VP8 ", pixels)?,
        Still::Lossless(pixels) => write(&mut chunks, *b"VP8L", pixels)?,
    }
    let length = u32::try_from(chunks.len().checked_add(4)?).ok()?;
    let file = [b"RIFF".as_slice(), &length.to_le_bytes(), b"WEBP", &chunks].concat();
    Some(Bare { file, width, height })
}

/// What one picture is made of.
#[derive(Clone, Copy)]
enum Still<'a> {
    Lossy { alpha: Option<&'a [u8]>, pixels: &'a [u8] },
    Lossless(&'a [u8]),
}

impl Still<'_> {
    /// Width and height as its own pixels have them; neither is 0.
    fn size(&self) -> Option<(u32, u32)> {
        let size = match self {
            // RFC 6386 §9.1: after the frame's tag and the start code, 14 bits each.
            Self::Lossy { pixels, .. } => {
                let size = pixels.get(6..10)?;
                (le(size.get(..2)?) & 0x3fff, le(size.get(2..)?) & 0x3fff)
            }
            // RFC 9649 §3.4: after the signature, 14 bits each, less one.
            Self::Lossless(pixels) => {
                let size = le(pixels.get(1..5)?);
                ((size & 0x3fff) + 1, (size >> 14 & 0x3fff) + 1)
            }
        };
        (size.0 > 0 && size.1 > 0).then_some(size)
    }
}

/// The first picture among chunks.
fn picture(mut rest: Bytes<'_>) -> Option<Still<'_>> {
    let mut alpha = None;
    loop {
        let head = rest.take(HEAD)?;
        let length = usize::try_from(le(head.get(4..)?)).ok()?;
        let content = rest.take(length)?;
        match head.get(..4)? {
            b"VP8 " => return Some(Still::Lossy { alpha, pixels: content }),
            b"VP8L" => return Some(Still::Lossless(content)),
            b"ALPH" => alpha = Some(content),
            b"ANMF" => {
                rest = Bytes::of(content.get(OF_FILM..)?);
                continue;
            }
            _ => {}
        }
        // Chunks begin at even places.
        if length % 2 == 1 {
            rest.take(1)?;
        }
    }
}

fn write(chunks: &mut Vec<u8>, name: [u8; 4], content: &[u8]) -> Option<()> {
    chunks.extend_from_slice(&name);
    chunks.extend_from_slice(&u32::try_from(content.len()).ok()?.to_le_bytes());
    chunks.extend_from_slice(content);
    if content.len() % 2 == 1 {
        chunks.push(0);
    }
    Some(())
}

fn le(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}
