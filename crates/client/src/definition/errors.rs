//! What a provider's errors mean, by the rules of its definition.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Definition,
    schema::{ErrorRule, RuleClass},
};
use crate::{class::Class, setting::Setting};

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
            RuleClass::Interaction => Class::InteractionNeeded,
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
    let among = |found: &Value| {
        let [first, last] = rule.within?;
        Some((first..=last).contains(&found.as_i64()?))
    };
    here && said && found.is_some_and(|found| rule.is.contains(found) || among(found).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::definition::DefinitionError;

    type Case = (&'static str, Place, Value, Option<Class>);

    fn mean(cases: Vec<Case>) {
        for (id, place, answer, class) in cases {
            let found = Definition::named(id).unwrap().class_of(place, &answer);
            assert_eq!(found, class, "{id} {place:?} {answer}");
        }
    }

    fn plain(error: &str) -> Value {
        json!({"error": error, "error_description": "x"})
    }

    #[test]
    fn rp_18_documented_errors_of_kakao_say_what_to_do() {
        let secret = Class::Configuration(Setting::ClientSecret);
        let redirect = Class::Configuration(Setting::RedirectUri);
        let client = Class::Configuration(Setting::ClientId);
        let kakao =
            |code: &str| json!({"error": "invalid_grant", "error_description": "x", "error_code": code});
        mean(vec![
            ("kakao", Place::Token, kakao("KOE010"), Some(secret)),
            ("kakao", Place::Token, kakao("KOE101"), Some(client)),
            ("kakao", Place::Token, kakao("KOE303"), Some(redirect)),
            ("kakao", Place::Token, kakao("KOE009"), Some(Class::Configuration(Setting::Platform))),
            ("kakao", Place::Token, kakao("KOE320"), Some(Class::Restart)),
            ("kakao", Place::Refresh, kakao("KOE322"), Some(Class::SignInAgain)),
            ("kakao", Place::Token, kakao("KOE237"), Some(Class::RateLimited)),
            ("kakao", Place::Token, kakao("KOE003"), Some(Class::Unavailable)),
            ("kakao", Place::Token, kakao("KOE999"), None),
            ("kakao", Place::UserInfo, json!({"msg": "x", "code": -402}), Some(Class::Reconsent)),
            ("kakao", Place::UserInfo, json!({"msg": "x", "code": -10}), Some(Class::RateLimited)),
            ("kakao", Place::UserInfo, json!({"msg": "x", "code": -1}), Some(Class::Unavailable)),
            ("kakao", Place::UserInfo, json!({"msg": "x", "code": -406}), Some(Class::Denied)),
            ("kakao", Place::Token, json!({"msg": "x", "code": -406}), None),
            ("kakao", Place::UserInfo, json!({"msg": "x", "code": -401}), Some(Class::Restart)),
            (
                "kakao",
                Place::UserInfo,
                json!({"msg": "ip mismatched! callerIp=192.0.2.1. check out registered ips.", "code": -401}),
                Some(Class::Configuration(Setting::Registration)),
            ),
        ]);
    }

    #[test]
    fn rp_18_documented_errors_of_naver_say_what_to_do() {
        let secret = Class::Configuration(Setting::ClientSecret);
        let autologin = |text: &str| json!({"error": "access_denied", "error_description": text});
        mean(vec![
            (
                "naver",
                Place::Token,
                json!({"error": "invalid_request", "error_description": "no valid data in session"}),
                Some(Class::Restart),
            ),
            ("naver", Place::Token, plain("invalid_request"), None),
            ("naver", Place::Token, plain("unauthorized_client"), Some(secret)),
            ("naver", Place::Refresh, plain("invalid_request"), Some(Class::SignInAgain)),
            ("naver", Place::UserInfo, json!({"resultcode": "024", "message": "x"}), Some(Class::Restart)),
            ("naver", Place::Authorization, autologin("user not logged in."), Some(Class::InteractionNeeded)),
            ("naver", Place::Authorization, autologin("need user consent."), Some(Class::InteractionNeeded)),
            (
                "naver-oidc",
                Place::Authorization,
                autologin("need user consent."),
                Some(Class::InteractionNeeded),
            ),
            ("naver", Place::Authorization, autologin("Canceled By User"), None),
            ("naver", Place::Token, autologin("need user consent."), None),
        ]);
    }

    #[test]
    fn rp_18_documented_errors_of_facebook_say_what_to_do() {
        let secret = Class::Configuration(Setting::ClientSecret);
        let redirect = Class::Configuration(Setting::RedirectUri);
        let client = Class::Configuration(Setting::ClientId);
        let registration = Class::Configuration(Setting::Registration);
        let dialog = |code: &str| json!({"error_code": code, "error_message": "x"});
        let facebook = |code: i64, subcode: i64| json!({"error": {"message": "x", "code": code, "error_subcode": subcode}});
        mean(vec![
            ("facebook", Place::Authorization, dialog("1349048"), Some(redirect)),
            ("facebook", Place::Authorization, dialog("1349126"), Some(registration)),
            ("facebook", Place::Authorization, dialog("101"), Some(client)),
            ("facebook", Place::Authorization, dialog("2"), Some(Class::Unavailable)),
            ("facebook", Place::Authorization, dialog("4201"), Some(Class::Cancelled)),
            ("facebook", Place::Authorization, dialog("99"), None),
            ("facebook", Place::Token, dialog("1349048"), None),
            (
                "facebook",
                Place::Authorization,
                json!({"error": "access_denied", "error_code": "200", "error_reason": "user_denied"}),
                Some(Class::Cancelled),
            ),
            ("facebook", Place::UserInfo, facebook(10, 0), Some(Class::Reconsent)),
            ("facebook", Place::UserInfo, facebook(200, 0), Some(Class::Reconsent)),
            ("facebook", Place::UserInfo, facebook(299, 0), Some(Class::Reconsent)),
            ("facebook", Place::UserInfo, facebook(199, 0), None),
            ("facebook", Place::UserInfo, facebook(300, 0), None),
            ("facebook", Place::UserInfo, json!({"error": {"code": "230"}}), None),
            ("facebook", Place::Token, facebook(100, 36009), Some(Class::Restart)),
            ("facebook", Place::Token, facebook(100, 36008), Some(redirect)),
            ("facebook", Place::Token, facebook(190, 463), Some(Class::Restart)),
            ("facebook", Place::Refresh, facebook(190, 463), Some(Class::SignInAgain)),
            ("facebook", Place::UserInfo, facebook(4, 0), Some(Class::RateLimited)),
            ("facebook", Place::UserInfo, facebook(368, 0), Some(Class::Denied)),
            (
                "facebook",
                Place::Token,
                json!({"error": {"code": 1, "message": "Error validating client secret."}}),
                Some(secret),
            ),
            (
                "facebook",
                Place::Token,
                json!({"error": {"code": 1, "message": "x"}}),
                Some(Class::Unavailable),
            ),
        ]);
    }

    #[test]
    fn rp_18_a_proof_that_facebook_does_not_take_is_a_wrong_secret_and_not_any_wrong_argument() {
        let secret = Class::Configuration(Setting::ClientSecret);
        let argument = |message: &str| json!({"error": {"code": 100, "message": message}});
        let missing = "API calls from the server require an appsecret_proof argument";
        let wrong = "Invalid appsecret_proof provided in the API argument";
        mean(vec![
            ("facebook", Place::UserInfo, argument(missing), Some(secret)),
            ("facebook", Place::Unlink, argument(wrong), Some(secret)),
            ("facebook", Place::UserInfo, argument("(#100) Tried accessing nonexisting field"), None),
        ]);
    }

    #[test]
    fn rp_18_documented_errors_of_the_others_say_what_to_do() {
        let secret = Class::Configuration(Setting::ClientSecret);
        let redirect = Class::Configuration(Setting::RedirectUri);
        mean(vec![
            ("google", Place::Token, plain("redirect_uri_mismatch"), Some(redirect)),
            ("google", Place::Refresh, plain("invalid_grant"), Some(Class::SignInAgain)),
            ("google", Place::Authorization, plain("org_internal"), Some(Class::Denied)),
            ("github", Place::Token, plain("bad_verification_code"), Some(Class::Restart)),
            ("github", Place::Token, plain("incorrect_client_credentials"), Some(secret)),
            ("apple", Place::Authorization, plain("user_cancelled_authorize"), Some(Class::Cancelled)),
            ("oidc", Place::Token, plain("invalid_client"), None),
        ]);
    }

    #[test]
    fn a_configuration_error_names_the_place_in_the_providers_console() {
        use mapae_protocol::locale::Locale::{En, Ko};
        for id in ["kakao", "naver", "naver-oidc", "google", "facebook", "github", "apple"] {
            let definition = Definition::named(id).unwrap();
            for setting in [Setting::RedirectUri, Setting::ClientSecret] {
                let (ko, en) = (definition.advice(setting, Ko), definition.advice(setting, En));
                assert!(ko.unwrap().contains(" > ") && en.unwrap().contains(" > "), "{id} {setting:?}");
            }
        }
        let kakao = Definition::named("kakao").unwrap();
        assert!(kakao.advice(Setting::RedirectUri, Ko).unwrap().contains("KOE006"));
        for language in [Ko, En] {
            assert!(kakao.advice(Setting::Platform, language).unwrap().contains("KOE009"));
        }
    }

    #[test]
    fn a_rule_that_fits_nothing_is_none() {
        let facebook = include_str!("../../providers/facebook.toml");
        for (good, bad, at) in [
            ("is = [368]", "is = []", "errors.is"),
            ("within = [200, 299]", "within = [299, 200]", "errors.within"),
            (
                "refused = [\"error_code\"]",
                "refused = [\"x\"]\nresponse_mode = \"form_post\"",
                "authorization.refused",
            ),
        ] {
            assert!(facebook.contains(good), "{good}");
            let wrong = Definition::parse(&facebook.replacen(good, bad, 1)).unwrap_err();
            assert!(
                matches!(wrong, DefinitionError::Wrong { at: found, .. } if found == at),
                "{bad}: {wrong}"
            );
        }
    }
}
