//! The service's accounts, as `mapae-client` finds and makes them.

use jiff::civil::Date;
use mapae_client::{
    Accounts, Answers, BoxError, CreateError, EndUser, Field, Identity, Problem, ProviderEvent,
};

use super::Departures;
use crate::database::{User, Users};

/// The fields of the sign-up form, which are the service's own business.
pub(crate) mod fields {
    /// What the person wants to be called here.
    pub(crate) const NICKNAME: &str = "nickname";
    /// When the person was born, if they want to say.
    pub(crate) const BIRTHDAY: &str = "birthday";
    /// What the person likes, if they want to say.
    pub(crate) const INTEREST: &str = "interest";
    /// The service's terms.
    pub(crate) const TERMS: &str = "terms";
}

/// What one may like; the texts are in the locale files.
pub(crate) const INTERESTS: &[&str] = &["work", "study", "family", "travel", "sports", "music"];

/// Why an answer is not taken, as a key of the locale files: the form knows the language.
const BIRTHDAY_MALFORMED: &str = "problem.birthday";
const INTEREST_UNKNOWN: &str = "problem.interest";

/// The sign-up form.
pub(super) fn sign_up_fields() -> [Field; 4] {
    [
        Field::required(fields::NICKNAME).max_chars(20),
        Field::optional(fields::BIRTHDAY).max_chars(10),
        Field::optional(fields::INTEREST).max_chars(20),
        Field::agreement(fields::TERMS),
    ]
}

/// The service's users, and who of them was sent away.
#[derive(Clone, Debug)]
pub(crate) struct Members {
    users: Users,
    departures: Departures,
}

impl Members {
    pub(crate) fn new(users: Users, departures: &Departures) -> Self {
        Self { users, departures: departures.clone() }
    }
}

impl Accounts for Members {
    type User = User;

    async fn find(&self, person: &EndUser) -> Result<Option<User>, BoxError> {
        Ok(self.users.find(person).await?)
    }

    async fn create(&self, identity: &Identity, answers: &Answers) -> Result<User, CreateError> {
        let mut user = User::new(identity, answers.text(fields::NICKNAME).unwrap_or_default());
        let mut problems = Vec::new();
        if let Some(birthday) = answers.text(fields::BIRTHDAY) {
            match birthday.parse::<Date>() {
                Ok(date) => user.birthday = Some(date.to_string()),
                Err(_) => problems.push(Problem::refused(fields::BIRTHDAY, BIRTHDAY_MALFORMED)),
            }
        }
        if let Some(interest) = answers.text(fields::INTEREST) {
            if !INTERESTS.contains(&interest) {
                problems.push(Problem::refused(fields::INTEREST, INTEREST_UNKNOWN));
            }
            user.interest = Some(interest.to_owned());
        }
        if !problems.is_empty() {
            return Err(CreateError::Answers(problems));
        }
        self.users.create(identity.person(), &user).await.map_err(CreateError::failed)
    }

    async fn notified(&self, event: &ProviderEvent) -> Result<(), BoxError> {
        self.departures.told(event);
        Ok(())
    }
}
