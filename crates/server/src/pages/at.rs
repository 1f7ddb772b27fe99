//! Addresses that pages lead to.

pub use crate::pages::assets::asset;

/// Where people end who type the name of the server and nothing else.
pub const START: &str = "/";
/// Sign in.
pub const SIGN_IN: &str = "/sign-in";
/// Choose between the signed-in person and another.
pub const SELECT_ACCOUNT: &str = "/select-account";
/// On to the next page of a step, or to the answer.
pub const CONTINUE: &str = "/continue";
/// See whose account at a provider becomes another way in.
pub const UPSTREAM_CONNECT: &str = "/upstream/connect";
/// Sign up after a provider.
pub const UPSTREAM_SIGN_UP: &str = "/upstream/sign-up";
/// Sign up: the e-mail address.
pub const SIGN_UP: &str = "/sign-up";
/// Sign up: name and password, from the mailed link.
pub const FINISH_SIGN_UP: &str = "/sign-up/finish";
/// Ask for a link to set a new password.
pub const FORGOT_PASSWORD: &str = "/password/forgot";
/// Set a new password, from the mailed link.
pub const NEW_PASSWORD: &str = "/password/new";
/// Make the first operator's account, from the printed link.
pub const SETUP: &str = "/setup";
/// Agree to terms that are new.
pub const TERMS: &str = "/terms";
/// Decide about consent.
pub const CONSENT: &str = "/consent";
/// Type the code that a device shows.
pub const DEVICE: &str = "/device";
/// Decide about a device.
pub const CONFIRM_DEVICE: &str = "/device/confirm";
/// Sign out.
pub const SIGN_OUT: &str = "/sign-out";
/// The person's account.
pub const ACCOUNT: &str = "/account";
/// Change of password.
pub const CHANGE_PASSWORD: &str = "/account/password";
/// Sign out everywhere else.
pub const END_OTHER_BROWSERS: &str = "/account/browsers/end-others";
/// The developer's apps.
pub const CONSOLE: &str = "/console";
/// Register an app.
pub const NEW_APP: &str = "/console/apps/new";

/// Sign out of one browser.
pub fn end_browser(id: &str) -> String {
    format!("/account/browsers/{}/end", segment(id))
}

/// A connected service.
pub fn service(id: &str) -> String {
    format!("/account/services/{}", segment(id))
}

/// A part of a connected service: `drop`, `disconnect`.
pub fn service_part(id: &str, part: &str) -> String {
    format!("/account/services/{}/{part}", segment(id))
}

/// Providers that people sign in with, in the console.
pub const UPSTREAMS: &str = "/console/upstreams";

/// A part of a provider in the console: `choices`, `test`, `state`.
pub fn upstream_part(name: &str, part: &str) -> String {
    format!("{UPSTREAMS}/{}/{part}", segment(name))
}

/// Leaving for a provider within the pending step.
pub fn upstream_start(name: &str, step: &str) -> String {
    self::step(&format!("/upstream/{}/start", segment(name)), step)
}

/// What became of a deletion that a provider asked for.
pub fn upstream_deletion(name: &str, code: &str) -> String {
    with(&format!("/upstream/{}/deletion", segment(name)), "code", code)
}

/// Remove a way to sign in.
pub fn remove_way(id: &str) -> String {
    format!("/account/sign-in-methods/{}/remove", segment(id))
}

/// A part of a term of the server's: `withdraw`, `agree`.
pub fn term_part(id: &str, part: &str) -> String {
    format!("/account/terms/{}/{part}", segment(id))
}

/// An app in the console.
pub fn app(id: &str) -> String {
    format!("/console/apps/{}", segment(id))
}

/// A part of an app in the console: `general`, `icon`, `addresses`, `items`, `secrets`, `state`, `delete`.
pub fn app_part(id: &str, part: &str) -> String {
    format!("/console/apps/{}/{part}", segment(id))
}

/// The icon of an app; another picture has another address.
pub fn icon(id: &str, digest: &str) -> String {
    format!("/icons/{}/{}.png", segment(id), segment(digest))
}

/// An address with one parameter.
pub fn with(address: &str, name: &str, value: &str) -> String {
    let joint = if address.contains('?') { '&' } else { '?' };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair(name, value);
    format!("{address}{joint}{}", query.finish())
}

/// An address within the pending step.
pub fn step(address: &str, step: &str) -> String {
    with(address, "step", step)
}

/// Sign in as somebody else within the pending step.
pub fn sign_in_as_other(step: &str) -> String {
    with(&self::step(SIGN_IN, step), "account", "other")
}

fn segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_cannot_leave_their_place() {
        assert_eq!(app("../x?y#z"), "/console/apps/..%2Fx%3Fy%23z");
        assert_eq!(step(SIGN_IN, "a&b=c"), "/sign-in?step=a%26b%3Dc");
        assert_eq!(with("/x?y=1", "lang", "en"), "/x?y=1&lang=en");
    }
}
