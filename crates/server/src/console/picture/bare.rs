//! A file of which only the picture is left, and its size, before anything of it is unpacked — SE-10.

use image::ImageFormat;

use super::{jpeg, png, webp};

/// The same picture in a file that has nothing else.
pub(super) struct Bare {
    pub(super) file: Vec<u8>,
    /// In pixels, as the picture's own bytes say.
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Leaves everything but the picture away; `None` when the file is of another kind, or broken.
pub(super) fn bare(file: &[u8], format: ImageFormat) -> Option<Bare> {
    match format {
        ImageFormat::Png => png::bare(file),
        ImageFormat::Jpeg => jpeg::bare(file),
        ImageFormat::WebP => webp::bare(file),
        _ => None,
    }
}

/// Bytes that are read from the beginning on.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next ones, which are still to be read.
    pub(super) fn ahead(&self, length: usize) -> Option<&'a [u8]> {
        self.0.get(..length)
    }

    /// The next ones; `None` when there are not as many.
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(length)?;
        self.0 = left;
        Some(taken)
    }

    pub(super) const fn left(&self) -> &'a [u8] {
        self.0
    }
}
