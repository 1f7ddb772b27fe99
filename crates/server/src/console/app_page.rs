//! The page of one app.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use mapae_protocol::{jose::Algorithm, locale::Locale};

use super::{
    developer::{Developer, console_page},
    facts::{Facts, is_fixed},
    grants,
    items::TypedItem,
    member_forms, security, security_wording, wording,
};
use crate::{
    app::App as Server,
    interaction::PageError,
    pages::{
        console::{
            AppStatus, ConsoleApp,
            app::{AppNotice, AppPage, IconProblem, LiveSecret},
            grants::GrantsForm,
            items::ItemRow,
            members::MemberForm,
            security::Security,
            snippet::QuickStart,
        },
        input::Input,
        look::AppCard,
        scope_text::ScopeText,
        shown::Shown,
    },
    registration::{AuthenticationProblem, Draft, Grants, Mistake, keeps_secret, means},
    store::apps::{App, AppScope, OffBy, Standing},
    upstream,
};

/// The parameter that says what was just done.
pub(super) const DONE: &str = "done";

/// What was typed, where the draft does not hold it, and what is wrong beside the draft.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// All rows of the items, also those that are not used.
    pub(super) items: Option<Vec<TypedItem>>,
    pub(super) icon: Option<IconProblem>,
    pub(super) security: Option<Security>,
    /// What was chosen for ID tokens.
    pub(super) id_token_alg: Option<Algorithm>,
    /// What does not fit the way in which the app proves itself.
    pub(super) authentication: Option<AuthenticationProblem>,
}

/// `GET /console/apps/{id}`.
pub(crate) async fn show(State(server): State<Server>, Path(id): Path<String>, request: Request) -> Response {
    console_page(server, request, async |developer| {
        let facts = Facts::read(&developer, &id).await?;
        let notice = developer.visit().one(DONE)?.and_then(AppNotice::named);
        let page = AppPage { notice, ..page(&developer, &facts, &facts.draft(), Typed::default(), &[]) };
        Ok(developer.show(&page))
    })
    .await
}

/// The page again, with what was typed and everything that is wrong with it.
pub(super) fn refused(
    developer: &Developer,
    facts: &Facts,
    draft: &Draft,
    typed: Typed,
    mistakes: &[Mistake],
) -> Result<Response, PageError> {
    // What the page does not offer cannot have come from it.
    if wording::is_foreign(draft, facts.around(), mistakes) {
        return Err(PageError::BadRequest);
    }
    Ok(developer.refuse(&page(developer, facts, draft, typed, mistakes)))
}

fn page(developer: &Developer, facts: &Facts, draft: &Draft, typed: Typed, mistakes: &[Mistake]) -> AppPage {
    let forms = member_forms::shown(facts, draft, &typed, mistakes);
    let sent = typed.security.is_some();
    let kept = || security::shown(facts.settings(), &facts.registered.lists);
    let security = typed.security.unwrap_or_else(kept);
    // What a field of another form tells is not told twice.
    let elsewhere = !sent && forms.iter().any(MemberForm::is_wrong);
    let (of_security, authentication) =
        if elsewhere { (&[][..], None) } else { (mistakes, typed.authentication) };
    let security = security_wording::told(security, draft, of_security, authentication);
    let items = typed.items.unwrap_or_else(|| draft.items.iter().map(TypedItem::of).collect());
    let kept = facts.draft();
    let gives_up = facts.grants().code() && !draft.grants.code();
    let addresses = if gives_up { &kept } else { draft };
    AppPage {
        desk: developer.desk(),
        app: shown(&facts.registered.app),
        name: wording::name(draft, mistakes),
        homepage: wording::homepage(draft, mistakes),
        public: draft.public,
        icon_problem: typed.icon,
        redirect_uris: wording::redirect_uris(addresses, facts.around(), mistakes),
        origins: wording::origins(addresses, mistakes),
        secrets: live_secrets(developer, facts),
        security,
        grants: GrantsForm {
            mistake: wording::grants(mistakes),
            ..grants::shown(facts.grants(), draft.grants, developer)
        },
        forms,
        items: rows(facts, draft, &items, (developer, mistakes)),
        items_mistake: wording::items(mistakes),
        quick_start: quick_start(developer, facts),
        notice: None,
    }
}

/// An app as its owner sees it.
pub(super) fn shown(app: &App) -> ConsoleApp {
    let App { id, settings, .. } = app;
    ConsoleApp {
        id: id.clone(),
        card: AppCard {
            name: Shown::name(&settings.name),
            icon: settings.icon.clone(),
            leads_to: None,
            standing: Standing::of(app.verified),
            policy: None,
            terms: None,
        },
        public: settings.public,
        machine: Grants::restore(&settings.grant_types).is_machine_only(),
        status: match app.off_by() {
            None => AppStatus::On,
            Some(OffBy::Owner) => AppStatus::Off,
            Some(OffBy::Operator) => AppStatus::Blocked,
        },
    }
}

/// The secrets that work, the newest first.
fn live_secrets(developer: &Developer, facts: &Facts) -> Vec<LiveSecret> {
    let now = developer.now();
    let mut live: Vec<_> = facts.registered.secrets.iter().filter(|secret| secret.valid(now)).collect();
    live.sort_by_key(|secret| (std::cmp::Reverse(secret.created_at), secret.expires_at.is_some()));
    let shown = live.into_iter().map(|secret| LiveSecret {
        id: secret.id.clone(),
        since: developer.moment(secret.created_at),
        until: secret.expires_at.map(|end| developer.moment(end)),
    });
    shown.collect()
}

fn rows(
    facts: &Facts,
    draft: &Draft,
    items: &[TypedItem],
    (developer, mistakes): (&Developer, &[Mistake]),
) -> Vec<ItemRow> {
    let (locale, subject_type) = (developer.visit().locale(None), facts.subject_type);
    let row = |(scope, words): (&str, Option<&crate::store::apis::ApiScope>)| {
        let text = match (words, locale) {
            (Some(words), Locale::Ko) => ScopeText::new(scope, &words.title_ko, subject_type),
            (Some(words), Locale::En) => ScopeText::new(scope, &words.title_en, subject_type),
            (None, _) => upstream::scope_text(developer.app(), subject_type, scope, locale),
        };
        let typed = items.iter().find(|item| item.scope == scope).cloned();
        let TypedItem { level, purpose_ko, purpose_en, .. } =
            typed.unwrap_or_else(|| TypedItem::unused(scope));
        let position = draft.items.iter().position(|item: &AppScope| item.scope == scope);
        let mistake = |language| wording::purpose(position, language, mistakes);
        ItemRow {
            scope: text,
            level: if is_fixed(scope) { crate::pages::console::items::ItemLevel::Required } else { level },
            fixed: is_fixed(scope),
            purpose_ko: Input { value: purpose_ko, mistake: mistake(Locale::Ko) },
            purpose_en: Input { value: purpose_en, mistake: mistake(Locale::En) },
        }
    };
    facts.offered().map(row).collect()
}

/// The app's values as its code needs them, always as they are kept.
fn quick_start(developer: &Developer, facts: &Facts) -> QuickStart {
    let lists = &facts.registered.lists;
    let scopes: Vec<&str> = lists.scopes.iter().map(|item| item.scope.as_str()).collect();
    QuickStart {
        issuer: developer.app().issuer().as_str().to_owned(),
        client_id: facts.id().to_owned(),
        public: !keeps_secret(facts.settings()),
        signs: means(facts.settings()).signs(),
        device: !facts.grants().code() && facts.grants().for_persons(),
        redirect_uri: lists.redirect_uris.first().cloned().unwrap_or_default(),
        scope: scopes.join(" "),
    }
}
