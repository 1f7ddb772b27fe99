//! What a provider's errors mean, by the rules of its definition.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Definition,
    schema::{ErrorRule, RuleClass},
};
use crate::{error::Class, setting::Setting};

/// Where an error came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    Authorization,
    Token,
    Refresh,
    UserInfo,
    Unlink,
}

impl Definition {
    /// The first rule that says what this answer means; `None` where the definition has nothing to say.
    pub(crate) fn class_of(&self, place: Place, answer: &Value) -> Option<Class> {
        let rule = self.schema().errors.iter().find(|rule| applies(rule, place, answer))?;
        let setting = rule.setting.as_deref().and_then(Setting::named);
        Some(match rule.class {
            RuleClass::Cancelled => Class::Cancelled,
            RuleClass::Restart => Class::Restart,
            RuleClass::Reconsent => Class::Reconsent,
            RuleClass::SignInAgain => Class::SignInAgain,
            RuleClass::Configuration => Class::Configuration(setting.unwrap_or(Setting::Registration)),
            RuleClass::Unavailable => Class::Unavailable,
            RuleClass::RateLimited => Class::RateLimited,
            RuleClass::Denied => Class::Denied,
        })
    }
}

fn applies(rule: &ErrorRule, place: Place, answer: &Value) -> bool {
    let here = rule.place.is_none_or(|wanted| wanted == place);
    let found = answer.pointer(&rule.at);
    let said = rule.says.as_ref().is_none_or(|says| {
        answer.pointer(&says.at).and_then(Value::as_str).is_some_and(|text| text.contains(&says.part))
    });
    here && said && found.is_some_and(|found| rule.is.contains(found))
}
