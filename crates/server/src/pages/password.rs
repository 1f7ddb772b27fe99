//! Forgotten password: ask for a link, then choose a new one.

use crate::pages::{
    Page, at, example,
    input::{EmailMistake, FoundMistake, Input, Mistakes, PasswordMistake, PasswordRule},
    policy::FormTarget,
    shown::Shown,
    texts::Texts,
};

/// Asks for the address to which the link goes.
#[derive(Debug, Clone)]
pub struct ForgotPassword {
    /// The pending step, sealed.
    pub step: String,
    /// The address.
    pub email: Input<EmailMistake>,
}

impl Page for ForgotPassword {
    const NAME: &'static str = "password-forgot";

    template!(ForgotPassword, "pages/forgot_password.html");

    fn address(&self) -> Option<String> {
        Some(at::step(at::FORGOT_PASSWORD, &self.step))
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let fresh = Self { step: example::STEP.to_owned(), email: Input::default() };
        vec![
            ("fresh", fresh.clone()),
            ("malformed", Self { email: Input::refused("mapae.kim@", EmailMistake::Malformed), ..fresh }),
        ]
    }
}

/// Asks for the new password; reached by the mailed link.
#[derive(Debug, Clone)]
pub struct NewPassword {
    /// Token of the mailed link.
    pub token: String,
    /// Token of the form.
    pub csrf: String,
    /// Whose password it is.
    pub email: Shown,
    /// What is wrong with the new password.
    pub mistake: Option<PasswordMistake>,
    /// What a password must be.
    pub rule: PasswordRule,
    /// Other ways into the account: whoever made one of them comes in by it afterwards, too.
    pub ways: Vec<OtherWay>,
    /// Whether one of them is there since the form was shown, and nothing was changed.
    pub new_way: bool,
    /// Where the answer may redirect.
    pub target: FormTarget,
}

/// A provider that opens the account beside the password.
#[derive(Debug, Clone)]
pub struct OtherWay {
    /// Name of it in forms.
    pub id: String,
    /// What people call the provider.
    pub provider: Shown,
    /// What whoever made it is called there.
    pub account: Shown,
    /// Whether it was chosen to go.
    pub goes: bool,
}

impl NewPassword {
    fn mistakes(&self, t: &Texts) -> Vec<FoundMistake> {
        Mistakes::new(t).field("password", "password.new_label", self.mistake.as_ref()).found()
    }
}

impl Page for NewPassword {
    const NAME: &'static str = "password-new";

    template!(NewPassword, "pages/new_password.html");

    fn address(&self) -> Option<String> {
        Some(at::with(at::NEW_PASSWORD, "token", &self.token))
    }

    fn form_target(&self) -> FormTarget {
        self.target
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let fresh = Self {
            token: "lnk_9d2Xc".to_owned(),
            csrf: example::CSRF.to_owned(),
            email: example::person().email,
            mistake: None,
            rule: PasswordRule { min: 10 },
            ways: Vec::new(),
            new_way: false,
            target: FormTarget::OwnOrigin,
        };
        let way = |id: &str, provider: &str, account: &str| OtherWay {
            id: id.to_owned(),
            provider: Shown::name(provider),
            account: Shown::name(account),
            goes: false,
        };
        let ways = vec![
            way("idn_1", "카카오", "mapae.kim@example.com"),
            way("idn_2", "Google", "a.very.long.address.of.somebody.else@company.example"),
        ];
        vec![
            ("fresh", fresh.clone()),
            ("other-ways", Self { ways: ways.clone(), ..fresh.clone() }),
            ("new-way", Self { ways, new_way: true, ..fresh.clone() }),
            ("short", Self { mistake: Some(PasswordMistake::TooShort(10)), ..fresh.clone() }),
            ("long", Self { mistake: Some(PasswordMistake::TooLong(256)), ..fresh }),
        ]
    }
}
