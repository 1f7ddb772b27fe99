//! Pictures of people, drawn instead of stored.

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{StatusCode, header};

use crate::engine::Engine;

/// Backgrounds; a person keeps one.
const COLOURS: [&str; 6] = ["#4b6cb7", "#2f8f6b", "#b4553f", "#7a57a8", "#9c7a1f", "#3d7f93"];

pub(crate) async fn draw(
    State(engine): State<Engine>,
    Path((person, size)): Path<(String, String)>,
) -> Response {
    let size: u16 = size.trim_end_matches(".svg").parse().unwrap_or(110).clamp(16, 1_024);
    let Some(letter) = engine.with(|world| {
        let person = world.people.get(&person)?;
        person.nickname.chars().find(|letter| letter.is_alphanumeric()).or(Some('?'))
    }) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let at = person.bytes().map(usize::from).sum::<usize>() % COLOURS.len();
    let colour = COLOURS.get(at).unwrap_or(&"#555555");
    let drawn = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" viewBox=\"0 0 100 100\">\
         <rect width=\"100\" height=\"100\" fill=\"{colour}\"/><text x=\"50\" y=\"68\" font-size=\"52\" \
         font-family=\"sans-serif\" text-anchor=\"middle\" fill=\"#ffffff\">{letter}</text></svg>"
    );
    ([(header::CONTENT_TYPE, "image/svg+xml")], drawn).into_response()
}
