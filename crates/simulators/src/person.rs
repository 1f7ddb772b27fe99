//! A person with an account at a simulated provider.

use serde::{Deserialize, Serialize};

/// A person. What the account does not hold is absent; what the provider does not know is ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Person {
    /// How the control API and the pages name the person: `ryan`.
    pub name: String,
    /// The provider's own number or text for the account. Naver and Facebook show each app another one.
    pub id: String,
    /// What the person types to sign in, besides the e-mail address.
    pub login: String,
    /// The password, which is no secret here.
    pub password: String,
    /// The display name.
    pub nickname: String,
    /// The real name.
    pub full_name: Option<String>,
    /// Its first part.
    pub given_name: Option<String>,
    /// Its last part.
    pub family_name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the provider has verified the address.
    pub email_verified: bool,
    /// Whether the address still belongs to this account and no other (Kakao `is_email_valid`).
    pub email_valid: bool,
    /// The domain of the organisation (Google Workspace `hd`).
    pub hosted_domain: Option<String>,
    /// The phone number as the provider writes it.
    pub phone: Option<String>,
    /// The gender.
    pub gender: Option<Gender>,
    /// The year of birth.
    pub birthyear: Option<String>,
    /// Month and day of birth, `MMDD`.
    pub birthday: Option<String>,
    /// Whether the birthday follows the lunar calendar.
    pub lunar: bool,
    /// Whether there is a picture other than the provider's default.
    pub picture: bool,
}

/// A gender as the providers know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Not given (Naver `U`).
    Unknown,
}

impl Person {
    /// Whether this is what the person types to sign in.
    pub(crate) fn answers_to(&self, login: &str) -> bool {
        let login = login.trim();
        let equal = |text: &str| !text.is_empty() && text.eq_ignore_ascii_case(login);
        equal(&self.login) || self.email.as_deref().is_some_and(equal)
    }

    /// The age in full years of somebody born that year, on the safe side of the birthday.
    pub(crate) fn age(&self, this_year: i16) -> Option<i16> {
        let year: i16 = self.birthyear.as_deref()?.parse().ok()?;
        Some(this_year - year)
    }
}

/// Somebody with the usual: verified where there is an e-mail address, the password that everybody has.
pub(crate) fn person_with(name: &str, id: &str, nickname: &str, email: Option<&str>) -> Person {
    Person {
        name: name.to_owned(),
        id: id.to_owned(),
        login: name.to_owned(),
        password: "simulation".to_owned(),
        nickname: nickname.to_owned(),
        email: email.map(str::to_owned),
        email_verified: email.is_some(),
        email_valid: email.is_some(),
        ..Person::default()
    }
}
