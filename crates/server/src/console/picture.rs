//! Pictures of apps, made anew from what was sent: no byte of the sender's file reaches anybody — SE-10.
//!
//! The kinds of files that are read have no script, references or pages in them: PNG, JPEG and WebP. All that is not the
//! picture is left away before anything is unpacked.

mod bare;
pub(crate) mod drawing;
mod jpeg;
mod png;
mod webp;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader, Limits, imageops::FilterType};
use mapae_protocol::{base64url, digest::sha256_base64url};

use self::bare::{Bare, bare};

/// Side of the square into which a picture is fitted, in pixels.
const SIDE: u32 = 256;
/// Most pixels wide or high. More would cost memory for nothing: a picture is shown at 64.
pub(crate) const MAX_SIDE: u32 = 2048;
/// Most memory for reading one, in bytes: a picture of that size with 8 bytes per pixel, twice.
const MAX_MEMORY: u64 = 64 * 1024 * 1024;

/// A picture as this server wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// PNG in base64url.
    pub(crate) png: String,
    /// Of its bytes.
    pub(crate) digest: String,
}

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Not a picture of a known kind, or a broken one.
    NotAPicture,
    /// Wider or higher than [`MAX_SIDE`].
    TooWide,
}

impl Picture {
    /// Reads a file and writes what is seen of it. Takes up to a tenth of a second: not for a thread that answers.
    pub(crate) fn draw(file: &[u8]) -> Result<Self, Problem> {
        let seen = read(file)?;
        let fitted = if seen.width().max(seen.height()) > SIDE {
            seen.resize(SIDE, SIDE, FilterType::CatmullRom)
        } else {
            seen
        };
        // Eight bits a channel and nothing else: no profile, no text, no second picture.
        let plain = DynamicImage::ImageRgba8(fitted.into_rgba8());
        let mut png = Vec::new();
        plain.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).map_err(|_| Problem::NotAPicture)?;
        Ok(Self { digest: sha256_base64url(&png), png: base64url::encode(&png) })
    }
}

fn read(file: &[u8]) -> Result<DynamicImage, Problem> {
    // The kind is told by the content alone; name and type that were sent with it say nothing.
    let format = image::guess_format(file).map_err(|_| Problem::NotAPicture)?;
    let Bare { file, width, height } = bare(file, format).ok_or(Problem::NotAPicture)?;
    if width.max(height) > MAX_SIDE {
        return Err(Problem::TooWide);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    reader.decode().map_err(|_| Problem::NotAPicture)
}

#[cfg(test)]
mod tests;
