//! Icons: whatever is sent, people get a small PNG that this server wrote — SE-10.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbaImage};
use mapae_testkit::{Authorization, Browser, Page, TestServer};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{Developer, developer, kept, led_to};

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let pixels =
        RgbaImage::from_fn(width, height, |x, y| image::Rgba([(x % 256) as u8, (y % 256) as u8, 90, 255]));
    let picture = DynamicImage::ImageRgba8(pixels);
    let picture = if format == ImageFormat::Jpeg { picture.into_rgb8().into() } else { picture };
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// Sends the icon's form as a browser does.
async fn upload(developer: &Developer, page: &Page, file: &[u8], button: &str) -> Page {
    let (action, fields) = page.form(button);
    let mut body = Vec::new();
    let (decision, token): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(name, _)| name == "decision");
    let mut field = |name: &str, kind: &str, content: &[u8]| {
        let head = format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"{kind}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    for (name, value) in &token {
        field(name, "", value.as_bytes());
    }
    field("icon", "; filename=\"icon.png\"\r\nContent-Type: image/png", file);
    for (name, value) in &decision {
        field(name, "", value.as_bytes());
    }
    body.extend_from_slice(b"--b0undary--\r\n");
    let address = page.address.join(&action).unwrap();
    let kind = [("content-type", "multipart/form-data; boundary=b0undary")];
    developer.browser.send("POST", address.as_str(), &kind, body).await
}

struct Fetched {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Vec<u8>,
}

/// As anybody would, without cookies.
async fn fetch(server: &TestServer, path: &str) -> Fetched {
    let response = mapae_testkit::http().get(server.at(path)).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Fetched { status, headers, body: response.bytes().await.unwrap().to_vec() }
}

async fn icon_of(server: &TestServer, id: &str) -> Option<String> {
    kept(server, id).await.app.settings.icon
}

/// What is answered to the head of an upload of which nothing else is sent.
async fn answered_to_head(server: &TestServer, path: &str, cookie: &str) -> String {
    let host = server.issuer().strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: {}\r\ncookie: {cookie}\r\n\
         content-type: multipart/form-data; boundary=b0undary\r\ncontent-length: 200000\r\n\r\n",
        server.issuer()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut line = String::new();
    BufReader::new(socket).read_line(&mut line).await.unwrap();
    line
}

#[tokio::test]
async fn g_33_an_upload_that_nobody_may_send_is_answered_before_its_file_arrives() {
    let server = TestServer::start().await;
    let owner = developer(&server, "owner@example.com").await;
    let app = owner.register(&server, "나의 서비스").await;
    let path = format!("/console/apps/{}/icon", app.client_id);
    let line = answered_to_head(&server, &path, "").await;
    assert!(line.starts_with("HTTP/1.1 303 "), "nobody is signed in: {line}");
    let (other, browser) = (server.user("other@example.com").await, Browser::default());
    let sign_in = browser.visit(&server.at("/console")).await;
    let fields = [("email", other.email.as_str()), ("password", other.password.as_str())];
    let signed_in = browser.submit(&sign_in, "login-submit", &fields).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    let line = answered_to_head(&server, &path, cookie).await;
    assert!(line.starts_with("HTTP/1.1 404 "), "another's app: {line}");
}

#[tokio::test]
async fn se_10_an_icon_is_drawn_anew_and_shown_to_people() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let mut seen = Vec::new();
    for (format, width, height) in
        [(ImageFormat::Png, 512, 512), (ImageFormat::Jpeg, 2048, 1024), (ImageFormat::WebP, 40, 60)]
    {
        let page = developer.page(&server, &app.client_id).await;
        let mut file = picture(width, height, format);
        file.extend_from_slice(b"<script>alert(1)</script>");
        led_to(&upload(&developer, &page, &file, "save-icon").await);
        let address = icon_of(&server, &app.client_id).await.unwrap();
        let icon = fetch(&server, &address).await;
        assert_eq!(icon.status, 200, "{format:?}");
        assert_eq!(image::guess_format(&icon.body).unwrap(), ImageFormat::Png);
        let drawn = image::load_from_memory(&icon.body).unwrap();
        assert!(drawn.width().max(drawn.height()) <= 256, "{format:?}");
        assert_eq!(drawn.width() * height, drawn.height() * width, "{format:?}: its shape is kept");
        assert!(
            !icon.body.windows(7).any(|window| window == b"<script"),
            "{format:?}: no byte of the sender's"
        );
        assert_eq!(icon.headers["content-type"], "image/png");
        assert_eq!(icon.headers["x-content-type-options"], "nosniff");
        assert_eq!(icon.headers["content-security-policy"], "default-src 'none'; sandbox");
        assert!(icon.headers["cache-control"].to_str().unwrap().contains("immutable"));
        assert!(!icon.headers.contains_key("set-cookie"));
        let people = Browser::default().visit(&Authorization::of(&app, "openid").address(&server)).await;
        assert!(people.values("img", "src").contains(&address), "{format:?}");
        seen.push(address);
    }
    for earlier in &seen[..2] {
        assert_eq!(fetch(&server, earlier).await.status, 404, "an earlier picture is gone");
    }
    let page = developer.page(&server, &app.client_id).await;
    led_to(&upload(&developer, &page, b"", "drop-icon").await);
    assert_eq!(icon_of(&server, &app.client_id).await, None);
    assert_eq!(fetch(&server, &seen[2]).await.status, 404);
}

#[tokio::test]
async fn se_10_what_is_no_small_picture_is_refused_and_says_why() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let page = developer.page(&server, &app.client_id).await;
    let png = picture(64, 64, ImageFormat::Png);
    let mut broken = png.clone();
    broken.truncate(png.len() / 2);
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".to_vec();
    let mut bomb = png.clone();
    // Width and height of 30 000 in the header, and the checksum that belongs to them.
    bomb[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
    let checksum = crc32(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&checksum);
    for (name, file, told) in [
        ("nothing", Vec::new(), "Choose an image file."),
        ("SVG", svg, "Only PNG, JPEG and WebP images can be used."),
        ("HTML", b"<!doctype html><script>alert(1)</script>".to_vec(), "Only PNG, JPEG and WebP"),
        ("GIF", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec(), "Only PNG, JPEG and WebP"),
        ("broken", broken, "Only PNG, JPEG and WebP"),
        ("bomb", bomb, "up to 2,048 pixels"),
        ("wide", picture(2049, 1, ImageFormat::Png), "up to 2,048 pixels"),
        ("large", vec![0x89; 262_145], "larger than 256 KB"),
        ("huge", vec![0x89; 5_000_000], "larger than 256 KB"),
    ] {
        let answer = upload(&developer, &page, &file, "save-icon").await;
        assert_eq!(answer.status, 422, "{name}: {}", answer.body);
        let wrong = answer.text("#icon-file-wrong").unwrap();
        assert!(wrong.contains(told), "{name}: {wrong}");
    }
    assert_eq!(icon_of(&server, &app.client_id).await, None);
}

#[tokio::test]
async fn ad_01_nobody_sets_or_finds_an_icon_that_is_not_theirs() {
    let server = TestServer::start().await;
    let owner = developer(&server, "owner@example.com").await;
    let other = developer(&server, "other@example.com").await;
    let app = owner.register(&server, "나의 서비스").await;
    let mine = other.register(&server, "내 것").await;
    let page = other.page(&server, &mine.client_id).await;
    let aimed = Page { body: page.body.replace(&mine.client_id, &app.client_id), ..page.clone() };
    let answer = upload(&other, &aimed, &picture(8, 8, ImageFormat::Png), "save-icon").await;
    assert_eq!(answer.status, 404);
    assert_eq!(icon_of(&server, &app.client_id).await, None);
    let forged = Page { body: page.body.replace("name=\"csrf\"", "name=\"other\""), ..page };
    assert_eq!(upload(&other, &forged, &picture(8, 8, ImageFormat::Png), "save-icon").await.status, 403);
    let digest = "A".repeat(43);
    for path in [
        format!("/icons/{}/{digest}.png", app.client_id),
        format!("/icons/{}/x.png", app.client_id),
        format!("/icons/{}/{digest}.svg", app.client_id),
        format!("/icons/%00/{digest}.png"),
        "/icons/a/..%2F..%2Fmaster.key".to_owned(),
    ] {
        assert_eq!(fetch(&server, &path).await.status, 404, "{path}");
    }
}

/// ISO 3309, as PNG uses it.
fn crc32(bytes: &[u8]) -> u32 {
    let shift =
        |crc: u32| (0..8).fold(crc, |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 });
    !bytes.iter().fold(u32::MAX, |crc, byte| (crc >> 8) ^ shift((crc ^ u32::from(*byte)) & 0xff))
}
