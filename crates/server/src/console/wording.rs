//! What is wrong with a draft, as the page says it beside each field.

use mapae_protocol::{locale::Locale, redirect_uri, redirect_uri::RegistrationError, uri};

use super::member_wording;
use crate::{
    accounts::NameMistake,
    pages::{
        console::{
            addresses::{AddressMistake, AddressMistakes, AddressProblem},
            grants::GrantsMistake,
            items::{ItemsMistake, PurposeMistake},
        },
        input::Input,
    },
    registration::{
        Draft, GrantsProblem, HomepageProblem, ItemsProblem, Mistake, OriginsProblem, PurposeProblem,
        RedirectUrisProblem, Surroundings, nearest_origin, nearest_redirect_uri,
    },
};

/// Longest address that is worth suggesting.
const MAX_SUGGESTION: usize = 200;

/// Whether something is wrong that no form of the page can have caused.
pub(super) fn is_foreign(draft: &Draft, around: Surroundings<'_>, mistakes: &[Mistake]) -> bool {
    mistakes.iter().any(|mistake| match mistake {
        Mistake::RedirectUris(RedirectUrisProblem::OfMachine)
        | Mistake::Origins(OriginsProblem::OfMachine)
        | Mistake::Items(ItemsProblem::Scope { .. }) => true,
        Mistake::Member(wrong) => !member_wording::can_be_told(draft, around, *wrong),
        Mistake::Grants(_)
        | Mistake::Name(_)
        | Mistake::Homepage(_)
        | Mistake::RedirectUris(_)
        | Mistake::Origins(_)
        | Mistake::Items(_)
        | Mistake::Profile(_) => false,
    })
}

pub(super) fn name(draft: &Draft, mistakes: &[Mistake]) -> Input<NameMistake> {
    let wrong = mistakes.iter().find_map(|mistake| match mistake {
        Mistake::Name(wrong) => Some(*wrong),
        _ => None,
    });
    Input { value: draft.name.clone(), mistake: wrong }
}

pub(super) fn homepage(draft: &Draft, mistakes: &[Mistake]) -> Input<AddressMistake> {
    let why = mistakes.iter().find_map(|mistake| match mistake {
        Mistake::Homepage(problem) => Some(of_homepage(*problem)),
        _ => None,
    });
    Input { value: draft.homepage.clone(), mistake: why.map(AddressMistake::whole) }
}

pub(super) fn redirect_uris(
    draft: &Draft,
    around: Surroundings<'_>,
    mistakes: &[Mistake],
) -> Input<AddressMistakes> {
    let typed = &draft.redirect_uris;
    let told = mistakes.iter().filter_map(|mistake| match mistake {
        Mistake::RedirectUris(RedirectUrisProblem::Refused { position, error }) => {
            let text = typed.get(*position).map_or("", String::as_str);
            let nearest = nearest_redirect_uri(text, *error, (around.development, draft.public));
            Some(line(*position, of_registration(*error), nearest))
        }
        Mistake::RedirectUris(RedirectUrisProblem::Missing) => {
            Some(AddressMistake::whole(AddressProblem::Missing))
        }
        Mistake::RedirectUris(RedirectUrisProblem::TooMany(limit)) => {
            Some(AddressMistake::whole(AddressProblem::TooMany(*limit)))
        }
        _ => None,
    });
    lines(typed, told.collect())
}

pub(super) fn origins(draft: &Draft, mistakes: &[Mistake]) -> Input<AddressMistakes> {
    let typed = &draft.origins;
    let told = mistakes.iter().filter_map(|mistake| match mistake {
        Mistake::Origins(OriginsProblem::NotAnOrigin { position }) => {
            let nearest = nearest_origin(typed.get(*position).map_or("", String::as_str));
            Some(line(*position, AddressProblem::NotAnOrigin, nearest))
        }
        Mistake::Origins(OriginsProblem::TooMany(limit)) => {
            Some(AddressMistake::whole(AddressProblem::TooMany(*limit)))
        }
        _ => None,
    });
    lines(typed, told.collect())
}

/// What is wrong with the grant types.
pub(super) fn grants(mistakes: &[Mistake]) -> Option<GrantsMistake> {
    mistakes.iter().find_map(|mistake| match mistake {
        Mistake::Grants(GrantsProblem::None) => Some(GrantsMistake::None),
        Mistake::Grants(GrantsProblem::RefreshWithoutCode) => Some(GrantsMistake::RefreshAlone),
        Mistake::Grants(GrantsProblem::PublicMachine) => Some(GrantsMistake::PublicMachine),
        _ => None,
    })
}

/// What is wrong with the items as a whole.
pub(super) fn items(mistakes: &[Mistake]) -> Option<ItemsMistake> {
    mistakes.iter().find_map(|mistake| match mistake {
        Mistake::Items(ItemsProblem::Missing) => Some(ItemsMistake::Missing),
        Mistake::Items(ItemsProblem::TooMany(limit)) => Some(ItemsMistake::TooMany(*limit)),
        _ => None,
    })
}

/// What is wrong with the purpose of the item at this position of the draft.
pub(super) fn purpose(
    position: Option<usize>,
    language: Locale,
    mistakes: &[Mistake],
) -> Option<PurposeMistake> {
    mistakes.iter().find_map(|mistake| match mistake {
        Mistake::Items(ItemsProblem::Purpose { position: at, language: of, why })
            if Some(*at) == position && *of == language =>
        {
            Some(match *why {
                PurposeProblem::Missing => PurposeMistake::Missing,
                PurposeProblem::TooLong(limit) => PurposeMistake::TooLong(limit),
                PurposeProblem::Malformed => PurposeMistake::Malformed,
            })
        }
        _ => None,
    })
}

pub(super) const fn of_homepage(problem: HomepageProblem) -> AddressProblem {
    match problem {
        HomepageProblem::Uri(error) => of_uri(error),
        HomepageProblem::TooLong(limit) => AddressProblem::TooLong(limit),
        HomepageProblem::Fragment => AddressProblem::Fragment,
        HomepageProblem::NotHttps => AddressProblem::NotHttps,
    }
}

pub(super) fn line(position: usize, why: AddressProblem, nearest: Option<String>) -> AddressMistake {
    AddressMistake {
        line: position + 1,
        why,
        instead: nearest.filter(|nearest| nearest.len() <= MAX_SUGGESTION),
    }
}

fn lines(typed: &[String], told: Vec<AddressMistake>) -> Input<AddressMistakes> {
    Input { value: typed.join("\n"), mistake: (!told.is_empty()).then_some(AddressMistakes(told)) }
}

pub(super) const fn of_registration(error: RegistrationError) -> AddressProblem {
    match error {
        RegistrationError::Uri(error) => of_uri(error),
        RegistrationError::TooLong => AddressProblem::TooLong(redirect_uri::MAX_BYTES),
        RegistrationError::Fragment => AddressProblem::Fragment,
        RegistrationError::DotSegment => AddressProblem::Dots,
        RegistrationError::Wildcard => AddressProblem::Characters,
        RegistrationError::NotLowerCase => AddressProblem::NotLowerCase,
        RegistrationError::NoHost | RegistrationError::NothingAfterScheme => AddressProblem::NotAbsolute,
        RegistrationError::PlainHttp => AddressProblem::NotHttps,
        RegistrationError::SchemeWithoutDot => AddressProblem::Scheme,
        RegistrationError::LoopbackNotAllowed | RegistrationError::PrivateUseSchemeNotAllowed => {
            AddressProblem::NativeOnly
        }
    }
}

const fn of_uri(error: uri::Error) -> AddressProblem {
    match error {
        uri::Error::NoScheme => AddressProblem::NotAbsolute,
        uri::Error::UserInfo => AddressProblem::UserInfo,
        uri::Error::ForbiddenCharacter
        | uri::Error::MalformedPercent
        | uri::Error::EncodedControl
        | uri::Error::BadHost
        | uri::Error::BadPort => AddressProblem::Characters,
    }
}
