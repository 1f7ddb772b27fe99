//! The consent items of an app: what it may ask people for.

use crate::pages::{
    example,
    input::{Input, Mistake},
    scope_text::ScopeText,
    texts::Texts,
};

/// One item. The form sends `level.SCOPE`, `purpose_ko.SCOPE` and `purpose_en.SCOPE`.
#[derive(Debug, Clone)]
pub struct ItemRow {
    /// The scope.
    pub scope: ScopeText,
    /// Whether it is asked for.
    pub level: ItemLevel,
    /// Whether the level is given by this server and cannot be changed.
    pub fixed: bool,
    /// What for, in Korean.
    pub purpose_ko: Input<PurposeMistake>,
    /// What for, in English.
    pub purpose_en: Input<PurposeMistake>,
}

/// Whether an app asks for an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemLevel {
    /// Not at all.
    Unused,
    /// People may leave it out.
    Optional,
    /// The app does not work without it.
    Required,
}

/// What is wrong with the items as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemsMistake {
    /// An app that acts for itself must say what it may ask for.
    Missing,
    /// More than this many.
    TooMany(usize),
}

impl Mistake for ItemsMistake {
    fn text(&self, t: &Texts) -> String {
        match self {
            Self::Missing => t.of("mistake.items_missing").to_owned(),
            Self::TooMany(limit) => t.count("mistake.items_too_many", limit),
        }
    }
}

/// What is wrong with a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurposeMistake {
    /// It is there in the other language only.
    Missing,
    /// It has more than this many characters.
    TooLong(usize),
    /// It is not on one line.
    Malformed,
}

impl Mistake for PurposeMistake {
    fn text(&self, t: &Texts) -> String {
        match self {
            Self::Missing => t.of("mistake.purpose_missing").to_owned(),
            Self::TooLong(limit) => t.count("mistake.too_long", limit),
            Self::Malformed => t.of("mistake.purpose_malformed").to_owned(),
        }
    }
}

impl ItemRow {
    /// Whether this level is the chosen one.
    pub(in crate::pages) fn is(&self, value: &str) -> bool {
        value
            == match self.level {
                ItemLevel::Unused => "none",
                ItemLevel::Optional => "optional",
                ItemLevel::Required => "required",
            }
    }
}

pub(super) fn samples() -> Vec<ItemRow> {
    let row = |scope, title, level, ko: &str, en: &str| ItemRow {
        scope: example::scope(scope, title),
        level,
        fixed: scope == "openid",
        purpose_ko: Input::holding(ko),
        purpose_en: Input::holding(en),
    };
    let unused = ItemLevel::Unused;
    vec![
        row("openid", "", ItemLevel::Required, "", ""),
        row("profile", "", ItemLevel::Required, "일정에 참석자로 표시돼요.", "Shows you as an attendee."),
        row(
            "email",
            "",
            ItemLevel::Optional,
            "일정 알림과 초대장을 보내 드려요.",
            "Sends you reminders and invitations.",
        ),
        row("offline_access", "", unused, "", ""),
        row("calendar.read", "일정 보기", ItemLevel::Optional, "", ""),
        row("calendar.write", "일정 추가·변경·삭제", unused, "", ""),
    ]
}
