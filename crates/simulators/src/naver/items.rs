//! The profile items, as the console has them.

use std::collections::BTreeSet;

use mapae_protocol::locale::Locale;

use crate::{App, Requirement, rules::Asked};

/// Id and titles.
const ITEMS: &[(&str, &str, &str)] = &[
    ("name", "이름", "Name"),
    ("email", "연락처 이메일 주소", "Contact e-mail address"),
    ("nickname", "별명", "Nickname"),
    ("profile_image", "프로필 사진", "Profile picture"),
    ("gender", "성별", "Gender"),
    ("birthday", "생일", "Birthday"),
    ("age", "연령대", "Age range"),
    ("birthyear", "출생연도", "Birth year"),
    ("mobile", "휴대전화번호", "Mobile phone number"),
];

/// The lines of the consent page, required ones first.
pub(super) fn asked(app: &App, wanted: &BTreeSet<String>, locale: Locale) -> Vec<Asked> {
    let mut lines: Vec<Asked> = app
        .items
        .iter()
        .filter(|item| wanted.contains(&item.id))
        .map(|item| {
            let required = item.requirement == Requirement::Required;
            let known = ITEMS.iter().find(|(id, ..)| *id == item.id);
            let title = known.map_or(item.id.as_str(), |(_, ko, en)| match locale {
                Locale::Ko => ko,
                Locale::En => en,
            });
            Asked { id: item.id.clone(), title: title.to_owned(), required, ticked: required }
        })
        .collect();
    lines.sort_by_key(|line| !line.required);
    lines
}
