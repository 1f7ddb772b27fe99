//! What an app may be registered as — RFC 6749 §2, RFC 7591 §2. The one set of rules, for whoever asks.
//!
//! The command line and the console each fill in a [`Draft`] with what somebody typed. [`Draft::judge`] turns it
//! into what may be kept, or says everything that is wrong with it at once; each of the two finds its own words
//! for that. An app that describes itself ([`described`]) is judged with what it names at other addresses, which is fetched
//! there and nowhere else here. Nothing reads a store, and a change is judged as the whole app that it would make (AD-04).

mod appearance;
mod authentication;
pub(crate) mod described;
mod ending;
mod grants;
mod held;
mod homepage;
mod information;
mod items;
mod look_alike;
mod members;
mod name;
mod origins;
mod profile;
mod redirect_uris;
mod request;
mod sector;

pub(crate) use appearance::Appearance;
pub(crate) use authentication::{
    AuthenticationProblem, judge as judge_authentication, keeps_secret, means, signs_with_secret,
};
pub(crate) use ending::{becomes_another, ends_what_was_made};
pub(crate) use grants::{Grants, GrantsProblem};
pub(crate) use held::{ID_TOKEN_ALG, TOKEN_ENDPOINT_AUTH_METHOD, held_after, keep_held};
pub(crate) use homepage::{HomepageProblem, problem as homepage_problem};
pub(crate) use information::Information;
pub(crate) use items::{
    ItemsProblem, KnownScopes, PurposeProblem, STANDARD_SCOPES, ScopeProblem, left_under, usual_items,
};
pub(crate) use members::{LOGO_URI, MEMBERS, MemberMistake, MemberProblem, Members, Metadata, restore};
pub(crate) use origins::{OriginsProblem, nearest as nearest_origin};
pub(crate) use profile::{
    ProfileProblem, begins_stricter, can_be_implied, implies, keep_profile, off_against, profile_of,
};
pub(crate) use redirect_uris::{
    RedirectUrisProblem, nearest as nearest_redirect_uri, problem as redirect_uri_problem,
};
pub(crate) use request::{Offer, Refused, Request, response_types};
pub(crate) use sector::{is_at_home, keys_address, names_all, sector, sector_after, settled};

use crate::{
    accounts::NameMistake,
    config::Development,
    store::apps::{AppLists, AppScope, AppSettings, RegisteredApp},
};

/// An app as somebody described it.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) name: String,
    /// Empty: none.
    pub(crate) homepage: String,
    /// It cannot keep a secret (RFC 6749 §2.1).
    pub(crate) public: bool,
    pub(crate) grants: Grants,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) origins: Vec<String>,
    /// The scopes that it may ask for. The same one twice counts once.
    pub(crate) items: Vec<AppScope>,
    /// What else is registered, by the member's registered name.
    pub(crate) metadata: Members,
}

/// An app that may be registered. Only [`Draft::judge`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registrable {
    name: String,
    homepage: Option<String>,
    public: bool,
    grants: Grants,
    lists: AppLists,
}

/// Something that is wrong with a draft. Positions count from 0 in the lists of the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    Name(NameMistake),
    Homepage(HomepageProblem),
    Grants(GrantsProblem),
    RedirectUris(RedirectUrisProblem),
    Origins(OriginsProblem),
    Items(ItemsProblem),
    Member(MemberMistake),
    Profile(ProfileProblem),
}

/// What a draft is judged by, besides itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    /// The scopes that there are.
    pub(crate) scopes: &'a KnownScopes,
    pub(crate) development: Development,
}

impl Draft {
    /// An app as it is registered, to be changed.
    pub(crate) fn of(registered: &RegisteredApp) -> Self {
        let (settings, lists) = (&registered.app.settings, registered.lists.clone());
        Self {
            name: settings.name.clone(),
            homepage: settings.homepage.clone().unwrap_or_default(),
            public: settings.public,
            grants: Grants::restore(&settings.grant_types),
            redirect_uris: lists.redirect_uris,
            origins: lists.origins,
            items: lists.scopes,
            metadata: Members::of(registered),
        }
    }

    /// The app, or everything that is wrong with it.
    pub(crate) fn judge(&self, around: Surroundings<'_>) -> Result<Registrable, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let name = self.judge_part(name::parse(&self.name), Mistake::Name, &mut mistakes);
        let homepage = homepage::parse(&self.homepage, around.development);
        let homepage = self.judge_part(homepage, Mistake::Homepage, &mut mistakes);
        mistakes.extend(grants::problems(self.grants, self.public).map(Mistake::Grants));
        let redirect_uris = redirect_uris::parse(self, around.development, |problem| {
            mistakes.push(Mistake::RedirectUris(problem));
        });
        let origins = origins::parse(self, |problem| mistakes.push(Mistake::Origins(problem)));
        let items = items::parse(self, around.scopes, |problem| mistakes.push(Mistake::Items(problem)));
        let rules =
            members::MemberRules { development: around.development, public: self.public, fetches: false };
        let metadata = self.metadata.judge(rules, &redirect_uris, |mistake| {
            mistakes.push(Mistake::Member(mistake));
        });
        let problems = profile::problems(self.public, &redirect_uris, &metadata);
        mistakes.extend(problems.into_iter().map(Mistake::Profile));
        match (name, homepage) {
            (Some(name), Some(homepage)) if mistakes.is_empty() => Ok(Registrable {
                name,
                homepage,
                public: self.public,
                grants: self.grants,
                lists: AppLists { redirect_uris, origins, scopes: items, metadata },
            }),
            _ => Err(mistakes),
        }
    }

    fn judge_part<T, E>(
        &self,
        part: Result<T, E>,
        mistake: impl FnOnce(E) -> Mistake,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<T> {
        part.map_err(|problem| mistakes.push(mistake(problem))).ok()
    }
}

/// Members that lead people somewhere: from the pages on which they sign in and agree, from their account page, and after
/// they have signed out.
const LEADING: [&str; 4] = ["policy_uri", "tos_uri", "initiate_login_uri", "post_logout_redirect_uris"];

/// Whether people would see another app than before, or be led elsewhere: whoever verified it has looked at another one.
pub(crate) fn shows_otherwise(before: &RegisteredApp, settings: &AppSettings, lists: &AppLists) -> bool {
    let kept = &before.app.settings;
    (&settings.name, &settings.homepage, &settings.icon) != (&kept.name, &kept.homepage, &kept.icon)
        || lists.redirect_uris != before.lists.redirect_uris
        || LEADING.iter().any(|member| lists.metadata.get(*member) != before.lists.metadata.get(*member))
}

/// Whether its picture comes for the first time from where the app has said before that it is: a site that did not answer
/// once makes no other app of it.
pub(crate) fn has_its_picture_at_last(
    before: &RegisteredApp,
    settings: &AppSettings,
    lists: &AppLists,
) -> bool {
    let said = lists.metadata.get(LOGO_URI);
    let first = before.app.settings.icon.is_none() && settings.icon.is_some();
    first && said.is_some() && said == before.lists.metadata.get(LOGO_URI)
}

impl Registrable {
    /// What is kept of a new app: the safe choices where nobody was asked.
    pub(crate) fn new_app(self, id_token_alg: &str) -> (AppSettings, AppLists) {
        let settings = AppSettings {
            name: self.name,
            icon: None,
            homepage: self.homepage,
            public: self.public,
            grant_types: self.grants.to_string(),
            token_endpoint_auth_method: None,
            id_token_alg: id_token_alg.to_owned(),
            subject_type: "pairwise".to_owned(),
            pkce_required: true,
            rotate_refresh: true,
            held_members: String::new(),
        };
        (profile::complete(settings, &self.lists.metadata), self.lists)
    }

    /// What is kept of an app that is changed: what nobody is asked about stays, except that the way in which it
    /// authenticates belongs to its kind (RFC 6749 §2.3).
    pub(crate) fn changed(self, before: &AppSettings) -> (AppSettings, AppLists) {
        let method = before.token_endpoint_auth_method.clone().filter(|_| before.public == self.public);
        let settings = AppSettings {
            name: self.name,
            homepage: self.homepage,
            public: self.public,
            grant_types: self.grants.to_string(),
            token_endpoint_auth_method: method,
            ..before.clone()
        };
        (profile::complete(settings, &self.lists.metadata), self.lists)
    }
}

#[cfg(test)]
mod tests;
