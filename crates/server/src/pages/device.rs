//! The pages for a device without a browser — RFC 8628 §3.3: its code, what it asks for, and the end.

use crate::pages::{
    Page, at,
    browser::Browser,
    consent::{ConsentItem, Life, MONTH, item},
    example,
    input::{Input, Mistake},
    look::{AppCard, Person},
    moment::Moment,
    scope_text::ScopeText,
    shown::Shown,
    texts::Texts,
};

/// Asks for the code that a device shows. The form sends `user_code`.
#[derive(Debug, Clone)]
pub struct EnterCode {
    /// Token for the form.
    pub csrf: String,
    /// What was typed.
    pub code: Input<CodeMistake>,
    /// The code came with the address and has only to be compared.
    pub filled: bool,
    /// For how many minutes no more codes are tried, after too many wrong ones.
    pub wait: Option<u32>,
}

/// Mistakes in a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeMistake {
    /// Nothing was typed.
    Missing,
    /// No device waits with this code. Nobody learns whether one ever did.
    Unknown,
}

impl Mistake for CodeMistake {
    fn text(&self, t: &Texts) -> String {
        match self {
            Self::Missing => t.of("mistake.code_missing"),
            Self::Unknown => t.of("mistake.code_unknown"),
        }
        .to_owned()
    }
}

impl EnterCode {
    /// Where the cursor is to begin with.
    fn begins_in_field(&self) -> bool {
        self.code.value.is_empty() || self.code.mistake.is_some()
    }
}

impl Page for EnterCode {
    const NAME: &'static str = "device";

    template!(EnterCode, "pages/device.html");

    fn address(&self) -> Option<String> {
        Some(if self.filled {
            at::with(at::DEVICE, "user_code", &self.code.value)
        } else {
            at::DEVICE.to_owned()
        })
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |code, filled, wait| Self { csrf: example::CSRF.to_owned(), code, filled, wait };
        vec![
            ("usual", page(Input::default(), false, None)),
            ("filled", page(Input::holding(CODE), true, None)),
            ("missing", page(Input::refused("", CodeMistake::Missing), false, None)),
            ("unknown", page(Input::refused("bcdf ghjk", CodeMistake::Unknown), false, None)),
            ("too-many", page(Input::holding(CODE), false, Some(2))),
        ]
    }
}

/// Where and when a device began.
#[derive(Debug, Clone)]
pub struct StartedAt {
    /// When.
    pub when: Moment,
    /// Its network address, if it is known.
    pub address: Option<Shown>,
    /// Whether whoever answers is in the same network.
    pub same_network: bool,
    /// What it called itself.
    pub browser: Browser,
}

/// Shows which app asks for what on which device. The form sends `decision` (`approve`, `deny`), and `item` and `all` as the
/// consent page does.
#[derive(Debug, Clone)]
pub struct ConfirmDevice {
    /// The pending step, sealed.
    pub step: String,
    /// The app that asks.
    pub app: AppCard,
    /// Who decides.
    pub person: Person,
    /// The code, in groups.
    pub user_code: String,
    /// Where the device began.
    pub started: StartedAt,
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
}

impl ConfirmDevice {
    /// The program and the system, as far as they are known.
    fn program(&self) -> Option<String> {
        let Browser { name, system } = self.started.browser;
        let known: Vec<_> = [name, system].into_iter().flatten().collect();
        (!known.is_empty()).then(|| known.join(" · "))
    }
}

impl Page for ConfirmDevice {
    const NAME: &'static str = "device-confirm";

    template!(ConfirmDevice, "pages/device_confirm.html");

    fn address(&self) -> Option<String> {
        Some(at::step(at::CONFIRM_DEVICE, &self.step))
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let usual = Self {
            step: example::STEP.to_owned(),
            app: AppCard { leads_to: None, ..example::app() },
            person: example::person(),
            user_code: CODE.to_owned(),
            started: StartedAt {
                when: example::minutes_ago(1),
                address: Some(Shown::place("203.0.113.7")),
                same_network: true,
                browser: Browser { name: None, system: Some("Linux") },
            },
            required: vec![item("openid", "", ""), item("profile", "", "화면에 이름을 보여 드려요.")],
            optional: vec![item("calendar.read", "일정 보기", "거실 화면에 오늘 일정을 보여 드려요.")],
            agreed: Vec::new(),
            changed: false,
            life: MONTH,
        };
        let elsewhere = StartedAt {
            when: example::minutes_ago(0),
            address: Some(Shown::place("2001:db8:85a3:8d3:1319:8a2e:370:7348")),
            same_network: false,
            browser: Browser { name: Some("Chrome"), system: Some("Windows") },
        };
        let unknown = StartedAt { address: None, browser: Browser { name: None, system: None }, ..elsewhere };
        vec![
            ("usual", usual.clone()),
            (
                "agreed-before",
                Self {
                    required: Vec::new(),
                    optional: Vec::new(),
                    agreed: vec![example::scope("openid", ""), example::scope("profile", "")],
                    ..usual.clone()
                },
            ),
            ("elsewhere", Self { app: example::long_app(), started: elsewhere, ..usual.clone() }),
            ("address", Self { app: example::app_at_address(), ..usual.clone() }),
            ("unknown", Self { started: unknown, ..usual.clone() }),
            ("changed", Self { changed: true, ..usual }),
        ]
    }
}

/// Says that the device goes on, or that it does not.
#[derive(Debug, Clone)]
pub struct DeviceDone {
    /// The app.
    pub app: AppCard,
    /// What the person said.
    pub allowed: bool,
}

impl Page for DeviceDone {
    const NAME: &'static str = "device-done";

    template!(DeviceDone, "pages/device_done.html");

    fn address(&self) -> Option<String> {
        None
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |app, allowed| Self { app, allowed };
        vec![
            ("allowed", page(example::app(), true)),
            ("denied", page(example::app(), false)),
            ("long", page(example::long_app(), true)),
        ]
    }
}

/// The code of the samples.
const CODE: &str = "WDJB-MJHT";
