use image::{ExtendedColorType, ImageEncoder as _, RgbaImage, codecs::png::PngEncoder};

use super::*;

/// How much one file may unpack in these tests before it counts as a bomb, in bytes.
const BOMB: usize = 4 * 1024 * 1024;

fn plain(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let pixels = RgbaImage::from_fn(width, height, |x, y| image::Rgba([x as u8, y as u8, 90, 255]));
    let picture = DynamicImage::ImageRgba8(pixels);
    let picture = if format == ImageFormat::Jpeg { picture.into_rgb8().into() } else { picture };
    let mut file = Vec::new();
    picture.write_to(&mut Cursor::new(&mut file), format).unwrap();
    file
}

/// A PNG in which a profile stands that unpacks to `BOMB` zeros.
fn with_profile() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = PngEncoder::new(&mut file);
    encoder.set_icc_profile(vec![0; BOMB]).unwrap();
    encoder.write_image(&[0; 16 * 16 * 4], 16, 16, ExtendedColorType::Rgba8).unwrap();
    file
}

fn count(file: &[u8], name: &[u8]) -> usize {
    file.windows(name.len()).filter(|window| window == &name).count()
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    let padding = if content.len() % 2 == 1 { vec![0] } else { Vec::new() };
    [name.as_slice(), &length, content, &padding].concat()
}

/// A WebP of these chunks, which claims a canvas of 16 × 16.
fn extended(flags: u8, chunks: &[Vec<u8>]) -> Vec<u8> {
    let canvas = chunk(b"VP8X", &[flags, 0, 0, 0, 15, 0, 0, 15, 0, 0]);
    let body = [b"WEBP".to_vec(), canvas, chunks.concat()].concat();
    chunk(b"RIFF", &body)
}

#[test]
fn g_33_se_10_a_profile_is_left_away_before_anything_is_unpacked() {
    let file = with_profile();
    assert!(file.len() < BOMB / 100, "{} bytes", file.len());
    assert_eq!(count(&file, b"iCCP"), 1);
    let bare = bare(&file, ImageFormat::Png).unwrap();
    assert_eq!((bare.width, bare.height), (16, 16));
    assert_eq!(count(&bare.file, b"iCCP"), 0);
    assert!(bare.file.len() < 200, "{} bytes", bare.file.len());
    assert!(Picture::draw(&file).is_ok(), "it is a picture all the same");
}

#[test]
fn se_10_notes_of_a_photograph_are_left_away() {
    let plain = plain(24, 16, ImageFormat::Jpeg);
    let mut notes = Vec::new();
    for marker in [0xe1, 0xe2, 0xed, 0xfe] {
        notes.extend_from_slice(&[0xff, 0xff, marker, 0, 11]);
        notes.extend_from_slice(b"somewhere");
    }
    let file = [&plain[..2], &notes, &plain[2..]].concat();
    let bare = bare(&file, ImageFormat::Jpeg).unwrap();
    assert_eq!((bare.width, bare.height), (24, 16));
    assert_eq!(count(&bare.file, b"somewhere"), 0);
    assert_eq!(Picture::draw(&file), Picture::draw(&plain));
}

/// RFC 6386 §9.1, RFC 9649 §2, §3.4.
#[test]
fn g_33_se_10_the_canvas_of_a_webp_says_nothing_about_its_picture() {
    // A key frame of VP8 that claims 16,383 × 16,383 and has no pixels.
    let lossy = [0x10, 0, 0, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0xff, 0x3f, 0, 0, 0, 0];
    let lossless = [0x2f, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0];
    for pixels in [chunk(b"VP8 ", &lossy), chunk(b"VP8L", &lossless)] {
        assert_eq!(Picture::draw(&extended(0, std::slice::from_ref(&pixels))), Err(Problem::TooWide));
        let film = chunk(b"ANMF", &[vec![0; 16], pixels].concat());
        assert_eq!(Picture::draw(&extended(2, &[chunk(b"ANIM", &[0; 6]), film])), Err(Problem::TooWide));
    }
}

/// RFC 9649 §2.7.1.1.
#[test]
fn of_a_film_the_first_picture_is_drawn() {
    let still = plain(16, 16, ImageFormat::WebP);
    let pixels = still[12..].to_vec();
    let film = chunk(b"ANMF", &[vec![0; 16], pixels].concat());
    let profile = chunk(b"ICCP", b"odd");
    let film = extended(0x12, &[profile, chunk(b"ANIM", &[0; 6]), film.clone(), film]);
    assert_eq!(Picture::draw(&film), Picture::draw(&still));
}

#[test]
fn a_transparent_photograph_stays_one() {
    // 1 × 1, lossy, half transparent; ALPH without compression.
    let lossy = [
        0x30, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x01, 0x00, 0x01, 0x00, 0x02, 0x00, 0x34, 0x25, 0xa4, 0x00, 0x03,
        0x70, 0x00, 0xfe, 0xfb, 0xfd, 0x50, 0x00,
    ];
    let file = extended(0x10, &[chunk(b"ALPH", &[0, 0x80]), chunk(b"VP8 ", &lossy)]);
    let seen = read(&file).unwrap().into_rgba8();
    assert_eq!(seen.dimensions(), (1, 1));
    assert_eq!(seen.get_pixel(0, 0).0[3], 0x80);
}

#[test]
fn every_beginning_of_a_picture_is_refused_or_drawn_and_nothing_else() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let file = plain(9, 5, format);
        for length in 0..file.len() {
            let drawn = std::panic::catch_unwind(|| Picture::draw(&file[..length]).is_ok());
            assert!(drawn.is_ok(), "{format:?} {length}");
        }
        assert!(Picture::draw(&file).is_ok());
    }
}
