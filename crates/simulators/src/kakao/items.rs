//! The consent items, as the console has them.

use std::collections::BTreeSet;

use mapae_protocol::locale::Locale;

use crate::{App, Requirement, rules::Asked};

/// Id and titles.
const ITEMS: &[(&str, &str, &str)] = &[
    ("profile_nickname", "닉네임", "Nickname"),
    ("profile_image", "프로필 사진", "Profile image"),
    ("account_email", "카카오계정(이메일)", "Kakao Account (email)"),
    ("name", "이름", "Name"),
    ("gender", "성별", "Gender"),
    ("age_range", "연령대", "Age range"),
    ("birthday", "생일", "Birthday"),
    ("birthyear", "출생 연도", "Birth year"),
    ("phone_number", "카카오계정(전화번호)", "Kakao Account (phone number)"),
    ("account_ci", "CI(연계정보)", "CI (connecting information)"),
    ("shipping_address", "배송지정보(수령인명, 배송지 주소, 전화번호)", "Shipping address"),
    ("talk_message", "카카오톡 메시지 전송", "Send messages through Kakao Talk"),
    ("friends", "카카오 서비스 내 친구목록(프로필사진, 닉네임, 즐겨찾기 포함)", "Friends in Kakao services"),
    ("plusfriends", "카카오톡 채널 추가 상태 및 내역", "Kakao Talk channels"),
];

/// The title of an item; one that nobody knows is its id.
pub(super) fn title(id: &str, locale: Locale) -> &str {
    let found = ITEMS.iter().find(|(known, ..)| *known == id);
    found.map_or(id, |(_, ko, en)| match locale {
        Locale::Ko => ko,
        Locale::En => en,
    })
}

/// The lines of the consent page, in the console's order, required ones first.
pub(super) fn asked(app: &App, wanted: &BTreeSet<String>, locale: Locale) -> Vec<Asked> {
    let line = |required| {
        let fits = move |requirement| (requirement == Requirement::Required) == required;
        app.items.iter().filter(move |item| fits(item.requirement) && wanted.contains(&item.id)).map(
            move |item| Asked {
                id: item.id.clone(),
                title: title(&item.id, locale).to_owned(),
                required,
                ticked: required,
            },
        )
    };
    line(true).chain(line(false)).collect()
}
