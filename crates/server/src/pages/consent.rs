//! Consent — OIDC Core §3.1.2.4.

use crate::pages::{
    Page, at, example,
    look::{AppCard, Person},
    policy::FormTarget,
    scope_text::ScopeText,
    shown::Shown,
};

/// Asks what an app may see and do. The form sends `decision` (`approve`, `deny`), `item` once for each optional
/// scope that is ticked, and `all=1` when all of them are meant, ticked or not (the way without script).
/// Required items are not sent: the step knows them.
#[derive(Debug, Clone)]
pub struct Consent {
    /// The pending step, sealed.
    pub step: String,
    /// The app that asks.
    pub app: AppCard,
    /// Who decides.
    pub person: Person,
    /// Without these the app does not work.
    pub required: Vec<ConsentItem>,
    /// These may be left out.
    pub optional: Vec<ConsentItem>,
    /// What was agreed before and is not asked again.
    pub agreed: Vec<ScopeText>,
    /// Shown again, because what the app asks has changed since.
    pub changed: bool,
    /// For how long it is agreed, if nobody ends it before.
    pub life: Life,
    /// Where the answer redirects.
    pub target: FormTarget,
}

/// For how long an app has what it is given, if nobody ends it before.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// At most.
    pub minutes: u32,
    /// Whether it ends with the session, too.
    pub with_session: bool,
}

/// Samples of it.
pub(super) const MONTH: Life = Life { minutes: 43_200, with_session: true };
const BRIEF: Life = Life { minutes: 5, with_session: false };

/// One item.
#[derive(Debug, Clone)]
pub struct ConsentItem {
    /// What it lets the app see or do.
    pub scope: ScopeText,
    /// What for, in the app's own words.
    pub purpose: Option<Shown>,
}

impl Page for Consent {
    const NAME: &'static str = "consent";

    template!(Consent, "pages/consent.html");

    fn address(&self) -> Option<String> {
        Some(at::step(at::CONSENT, &self.step))
    }

    fn form_target(&self) -> FormTarget {
        self.target
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            step: example::STEP.to_owned(),
            app: example::app(),
            person: example::person(),
            required: vec![item("openid", "", ""), item("profile", "", "일정에 참석자로 표시돼요.")],
            optional: vec![
                item("email", "", "일정 알림과 초대장을 보내 드려요."),
                item("calendar.read", "일정 보기", "오늘 일정을 첫 화면에 보여 드려요."),
                item("calendar.write", "일정 추가·변경·삭제", ""),
            ],
            agreed: Vec::new(),
            changed: false,
            life: MONTH,
            target: FormTarget::App,
        };
        let offline = item("offline_access", "", "앱을 닫아도 일정이 맞춰져요.");
        vec![
            ("usual", usual.clone()),
            ("required-only", Self { optional: Vec::new(), life: BRIEF, ..usual.clone() }),
            (
                "more-later",
                Self {
                    required: Vec::new(),
                    optional: vec![offline.clone()],
                    agreed: vec![example::scope("openid", ""), example::scope("profile", "")],
                    life: Life { with_session: false, ..MONTH },
                    ..usual.clone()
                },
            ),
            (
                "everything",
                Self {
                    app: example::long_app(),
                    person: long_person(),
                    required: vec![
                        item("openid", "", ""),
                        item("profile", "", &"긴 설명 ".repeat(40)),
                        offline,
                    ],
                    optional: (1..=9).map(numbered).collect(),
                    agreed: vec![example::scope("email", "")],
                    ..usual.clone()
                },
            ),
            (
                "upstream",
                Self { optional: vec![of_upstream("카카오"), of_upstream("Google")], ..usual.clone() },
            ),
            ("changed", Self { changed: true, ..usual.clone() }),
            (
                "icon",
                Self {
                    app: AppCard { icon: Some(at::asset("mark.svg").to_owned()), ..example::app() },
                    ..usual
                },
            ),
        ]
    }
}

pub(in crate::pages) fn item(scope: &str, own_title: &str, purpose: &str) -> ConsentItem {
    let purpose = (!purpose.is_empty()).then(|| Shown::sentence(purpose));
    ConsentItem { scope: example::scope(scope, own_title), purpose }
}

fn of_upstream(provider: &str) -> ConsentItem {
    let scope = ScopeText::of_upstream(&format!("upstream:{provider}"), Shown::name(provider));
    ConsentItem {
        scope, purpose: Some(Shown::sentence("친구 목록에서 같이 갈 사람을 골라요."))
    }
}

fn numbered(n: u32) -> ConsentItem {
    let title = format!("회의실 {n}번 예약 현황을 보고 바꾸기");
    item(&format!("rooms.{n}"), &title, if n.is_multiple_of(2) { "" } else { "빈 회의실을 찾아 드려요." })
}

fn long_person() -> Person {
    Person::new(
        "Wolfeschlegelsteinhausenbergerdorff Hubert Blaine",
        "hubert.blaine.wolfeschlegelstein@example.com",
    )
}

#[cfg(test)]
mod tests {
    use mapae_protocol::locale::Locale;
    use scraper::Html as Document;

    use super::*;
    use crate::pages::{every_page::all, render};

    /// What a person reads, line by line.
    fn read(page: &Consent, locale: Locale) -> String {
        let document = Document::parse_document(&render(page, locale).body);
        let main = all(&document, "main");
        let texts = main.iter().flat_map(|main| main.text()).map(str::trim).filter(|text| !text.is_empty());
        texts.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn people_read_who_asks_for_what_and_what_for() {
        let (_, usual) = Consent::samples().remove(0);
        insta::assert_snapshot!("consent-ko", read(&usual, Locale::Ko));
        insta::assert_snapshot!("consent-en", read(&usual, Locale::En));
    }

    #[test]
    fn nothing_optional_is_ticked_beforehand() {
        for (state, page) in Consent::samples() {
            let document = Document::parse_document(&render(&page, Locale::Ko).body);
            assert!(all(&document, "input[checked]").is_empty(), "{state}");
            assert_eq!(all(&document, "input[name=item]").len(), page.optional.len(), "{state}");
            assert_eq!(
                all(&document, "input[name=all]").len(),
                usize::from(!page.optional.is_empty()),
                "{state}"
            );
        }
    }

    #[test]
    fn az_20_the_answer_may_lead_to_the_app_and_on_from_there() {
        let (_, usual) = Consent::samples().remove(0);
        let policy = render(&usual, Locale::Ko).policy;
        assert!(!policy.contains("form-action") && policy.contains("default-src 'none'"), "{policy}");
    }
}
