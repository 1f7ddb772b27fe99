//! Reading and writing the calendar of whoever the token names.

use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::civil::{Date, Time};
use mapae_protocol::{
    locale::Locale,
    params::{Limits, Params},
};
use mapae_resource::Authorized;
use serde::Deserialize;
use serde_json::json;

use super::Shelf;
use crate::{
    database::{DatabaseError, NewEntry},
    today::day_of,
};

/// Longest title, in characters.
const MOST_TITLE: usize = 80;

/// Why an entry is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EntryError {
    /// Not a JSON object with these members.
    #[error("the body must be a JSON object with title, date and perhaps time")]
    Malformed,
    /// No title, or a long one.
    #[error("title must have 1 to 80 characters")]
    Title,
    /// Not a day.
    #[error("date must be a day, as in 2026-11-21")]
    Date,
    /// Not a time of day.
    #[error("time must be a time of day, as in 09:30")]
    Time,
    /// `month` is not one.
    #[error("month must be a month, as in 2026-11")]
    Month,
    /// There is no room.
    #[error("the calendar is full")]
    Full,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    title: String,
    date: String,
    #[serde(default)]
    time: Option<String>,
}

pub(super) async fn read(
    State(shelf): State<Shelf>,
    caller: Authorized,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let month = month(query.as_deref())?;
    let welcome = welcome(day_of(shelf.clock.now()), locale(&headers));
    let events = shelf.calendars.read(key(&caller), month, welcome).await?;
    Ok(no_store(Json(json!({ "events": events })).into_response()))
}

pub(super) async fn write(
    State(shelf): State<Shelf>,
    caller: Authorized,
    body: Bytes,
) -> Result<Response, ApiError> {
    let entry = parse(&body)?;
    let written = shelf.calendars.write(key(&caller), entry).await?.ok_or(EntryError::Full)?;
    Ok(no_store((StatusCode::CREATED, Json(written)).into_response()))
}

pub(super) async fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({ "error": "not_found" }))).into_response()
}

/// A person is who the issuer says, by the issuer's name for them (OIDC Core §2).
fn key(caller: &Authorized) -> (String, String) {
    let (issuer, subject) = caller.identity();
    (issuer.as_str().to_owned(), subject.to_owned())
}

fn parse(body: &[u8]) -> Result<NewEntry, EntryError> {
    let Body { title, date, time } = serde_json::from_slice(body).map_err(|_| EntryError::Malformed)?;
    let title = title.trim().to_owned();
    if title.is_empty() || title.chars().count() > MOST_TITLE || title.contains(char::is_control) {
        return Err(EntryError::Title);
    }
    let date: Date = date.parse().map_err(|_| EntryError::Date)?;
    let time = time.filter(|time| !time.is_empty()).map(|time| time.parse::<Time>()).transpose();
    let time = time.map_err(|_| EntryError::Time)?.map(|time| time.strftime("%H:%M").to_string());
    Ok(NewEntry { title, date: date.to_string(), time })
}

fn month(query: Option<&str>) -> Result<String, EntryError> {
    let params = Params::parse(query.unwrap_or_default().as_bytes(), Limits::REQUEST);
    let params = params.map_err(|_| EntryError::Month)?;
    match params.one("month").map_err(|_| EntryError::Month)? {
        None => Ok(String::new()),
        Some(month) if format!("{month}-01").parse::<Date>().is_ok() => Ok(month.to_owned()),
        Some(_) => Err(EntryError::Month),
    }
}

fn locale(headers: &HeaderMap) -> Locale {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    accepted.and_then(Locale::from_accept_language).unwrap_or(Locale::En)
}

/// An empty calendar is a sad thing to find.
fn welcome(today: Date, locale: Locale) -> Vec<NewEntry> {
    let entries = match locale {
        Locale::Ko => {
            [(0, None, "캘린더를 시작한 날"), (2, Some("12:30"), "점심 약속"), (5, Some("19:00"), "산책하기")]
        }
        Locale::En => [
            (0, None, "First day of this calendar"),
            (2, Some("12:30"), "Lunch"),
            (5, Some("19:00"), "A walk"),
        ],
    };
    let entry = |(days, time, title): (i64, Option<&str>, &str)| {
        let date = today.saturating_add(jiff::Span::new().days(days));
        NewEntry { title: title.to_owned(), date: date.to_string(), time: time.map(str::to_owned) }
    };
    entries.into_iter().map(entry).collect()
}

/// What belongs to one person is kept by no cache.
fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What a handler cannot answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// The request is wrong.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The API's file failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, code) = match &self {
            Self::Entry(EntryError::Malformed | EntryError::Month) => {
                (StatusCode::BAD_REQUEST, "invalid_request")
            }
            Self::Entry(EntryError::Full) => (StatusCode::CONFLICT, "calendar_full"),
            Self::Entry(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_event"),
            Self::Database(error) => {
                tracing::error!(error = error as &dyn std::error::Error, "the calendar cannot be used");
                return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": "server_error" })))
                    .into_response();
            }
        };
        let body = json!({ "error": code, "error_description": self.to_string() });
        (status, Json(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_title_and_a_day() {
        let read = |text: &str| parse(text.as_bytes());
        let entry = read(r#"{"title":" 회의 ","date":"2026-11-21","time":"09:30"}"#).unwrap();
        assert_eq!(
            (entry.title.as_str(), entry.date.as_str(), entry.time.as_deref()),
            ("회의", "2026-11-21", Some("09:30"))
        );
        assert_eq!(read(r#"{"title":"a","date":"2026-11-21","time":""}"#).unwrap().time, None);
        for (text, error) in [
            ("", EntryError::Malformed),
            (r#"{"title":"a"}"#, EntryError::Malformed),
            (r#"{"title":"a","date":"2026-11-21","subject":"other"}"#, EntryError::Malformed),
            (r#"{"title":"  ","date":"2026-11-21"}"#, EntryError::Title),
            (r#"{"title":"a\u0000","date":"2026-11-21"}"#, EntryError::Title),
            (r#"{"title":"a","date":"2026-02-30"}"#, EntryError::Date),
            (r#"{"title":"a","date":"2026-11-21","time":"25:00"}"#, EntryError::Time),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
        let long = format!(r#"{{"title":"{}","date":"2026-11-21"}}"#, "가".repeat(MOST_TITLE + 1));
        assert_eq!(read(&long), Err(EntryError::Title));
    }

    #[test]
    fn a_month_is_asked_for_in_one_way() {
        assert_eq!(month(None), Ok(String::new()));
        assert_eq!(month(Some("month=2026-11&other=x")), Ok("2026-11".to_owned()));
        for wrong in ["month=2026-13", "month=nov", "month=2026-11&month=2026-12", "month=2026", "month=%zz"]
        {
            assert_eq!(month(Some(wrong)), Err(EntryError::Month), "{wrong}");
        }
    }
}
