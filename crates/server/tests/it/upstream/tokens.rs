//! An app that the operator permits, and to which the person agrees, gets what the provider gave, working now.

use mapae::store::identities;
use mapae_simulators::{Command, Tokens};
use mapae_testkit::{Answer, AppFixture, AppSpec, Authorization, Browser, Page, UserFixture, client};

use super::{
    stage::{PASSWORD, Stage, by_password, connect, for_each_engine, sign_up},
    stranger::Stranger,
};

/// What an app asks for that wants the provider's token.
pub(super) const ASKS: &str = "openid profile upstream:kakao";

/// From the app's request to its access token; `items` are those that are ticked where they are asked: none, one or all.
pub(super) async fn agreed(
    stage: &Stage,
    app: &AppFixture,
    browser: &Browser,
    how: (&str, &str, &[&str]),
) -> Answer {
    let (scope, who, items) = how;
    let authorization = Authorization::of(app, scope);
    let mut page = browser.visit(&authorization.address(&stage.server)).await;
    if page.has("upstream-kakao") {
        page = stage.through(browser, &page, "kakao", (who, &[])).await;
    }
    if page.has("have-account") {
        page = sign_up(browser, &page, who).await;
    }
    if page.has("consent-approve") {
        let ticked = match items {
            [] => Vec::new(),
            [item] => vec![("item", *item)],
            _ => vec![("all", "1")],
        };
        page = browser.submit(&page, "consent-approve", &ticked).await;
    }
    let code = page.answered("code").unwrap_or_else(|| panic!("{} {}", page.status, page.body));
    stage.server.redeem(app, &code, &authorization.verifier).await
}

/// The same of somebody who agrees to all that is asked.
pub(super) async fn signed_in(stage: &Stage, app: &AppFixture, browser: &Browser) -> String {
    let tokens = agreed(stage, app, browser, (ASKS, "ryan", &["profile", "upstream:kakao"])).await;
    tokens.text("access_token")
}

/// An app that the operator permitted.
pub(super) async fn permitted(stage: &Stage) -> AppFixture {
    let app = stage.server.register(AppSpec::default()).await;
    let said = stage.mapae(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
    assert_eq!((&said["permitted"], &said["scope"]), (&true.into(), &"upstream:kakao".into()));
    app
}

/// Somebody with a password and a way by a provider that says what the test wants, and an app that may have its tokens.
pub(super) struct Given {
    pub(super) stranger: Stranger,
    pub(super) app: AppFixture,
    pub(super) user: UserFixture,
    pub(super) browser: Browser,
}

impl Given {
    pub(super) async fn by_a_stranger(stage: &Stage) -> Self {
        let stranger = Stranger::listen().await;
        stranger.take_the_name_of(stage, "kakao").await;
        stranger.says(r#"{"id":7,"kakao_account":{}}"#);
        let app = permitted(stage).await;
        let user = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let account = by_password(&browser, &door, &user.email, PASSWORD).await;
        let state = stage.press(&browser, &account, "kakao").await.answered("state").unwrap();
        let back = stage.server.at(&format!("/upstream/kakao/callback?code=c&state={state}"));
        connect(&browser, browser.visit(&back).await).await;
        Self { stranger, app, user, browser }
    }
}

/// Presses a button on the account's page of the only connected service.
async fn press(stage: &Stage, browser: &Browser, part: &str) -> Page {
    let account = browser.visit(&stage.server.at("/account")).await;
    let service = account.values("#services a", "href").remove(0);
    let page = browser.visit(&stage.server.at(&service)).await;
    assert!(page.body.contains("카카오에서 받은 정보와 권한"), "{}", page.body);
    let csrf = page.values("input[name=csrf]", "value").remove(0);
    let fields = [("csrf".to_owned(), csrf), ("item".to_owned(), "upstream:kakao".to_owned())];
    browser.follow(browser.post(&format!("{service}/{part}"), &page, &fields).await).await
}

pub(super) async fn fetched(stage: &Stage, access_token: &str) -> Answer {
    let request = mapae_testkit::http().get(stage.server.at("/upstream/kakao/token"));
    client::send(request.bearer_auth(access_token)).await
}

/// Whose token this is, in the provider's own number for people; 0 if it does not work.
async fn who_is(stage: &Stage, token: &str) -> i64 {
    let address = format!("{}/v2/user/me", stage.simulator("kakao").base_url());
    let answer = client::send(mapae_testkit::http().get(address).bearer_auth(token)).await;
    answer.json["id"].as_i64().unwrap_or_default()
}

pub(super) async fn works(stage: &Stage, token: &str) -> bool {
    who_is(stage, token).await != 0
}

for_each_engine! {
    async fn who_has_two_accounts_at_a_provider_gives_the_token_of_the_one_they_came_by(stage: Stage of ["kakao"]) {
        let app = permitted(&stage).await;
        let user = stage.server.user("hong@example.com").await;
        for who in ["ryan", "muzi"] {
            stage.advance(1);
            let browser = Browser::default();
            let page = stage.come(&browser, "kakao", (who, &[])).await;
            let href = page.values("#have-account", "href").pop().unwrap();
            let page = browser.visit(page.address.join(&href).unwrap().as_str()).await;
            let account = by_password(&browser, &page, &user.email, PASSWORD).await;
            assert!(account.has("services"), "{} {}", account.status, account.body);
        }
        let ways = identities::of_user(stage.server.app().db(), &user.id).await.unwrap();
        let [ryan, muzi] = ways.as_slice() else { panic!("{ways:?}") };
        let mut tokens = Vec::new();
        for (who, way) in [("muzi", muzi), ("ryan", ryan)] {
            stage.advance(1);
            let items: &[&str] = &["profile", "upstream:kakao"];
            let token = agreed(&stage, &app, &Browser::default(), (ASKS, who, items)).await.text("access_token");
            let given = fetched(&stage, &token).await.text("access_token");
            assert_eq!(who_is(&stage, &given).await.to_string(), way.subject, "{who}");
            tokens.push((token, way));
        }
        let whose = async |token: &str| {
            let given = fetched(&stage, token).await.text("access_token");
            who_is(&stage, &given).await.to_string()
        };
        // What was given in one session stays that session's, whoever came by the other one since.
        for (token, way) in &tokens {
            assert_eq!(whose(token).await, way.subject, "{}", way.label);
        }
        // A password says nothing of it: then it is whom they came as last.
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        by_password(&browser, &door, &user.email, PASSWORD).await;
        let token = agreed(&stage, &app, &browser, (ASKS, "nobody", &[])).await.text("access_token");
        assert_eq!(whose(&token).await, ryan.subject);
        // In the same session they come as the other one: it is that one's from then on, also after a password.
        stage.advance(1);
        let page = browser.visit(&Authorization::of(&app, ASKS).with("prompt", "login").address(&stage.server)).await;
        stage.through(&browser, &page, "kakao", ("muzi", &[])).await;
        stage.advance(1);
        stage.enter(&Browser::default(), "kakao", ("ryan", &[])).await;
        assert_eq!(whose(&token).await, muzi.subject);
        let page = browser.visit(&Authorization::of(&app, ASKS).with("prompt", "login").address(&stage.server)).await;
        by_password(&browser, &page, &user.email, PASSWORD).await;
        assert_eq!(whose(&token).await, muzi.subject);
        // What they removed gives nothing any more, and the other one is left.
        stage.server.write(identities::remove(&muzi.id, &user.id, None, stage.server.now()).into()).await;
        assert_eq!(whose(&token).await, ryan.subject);
    }

    async fn the_operator_and_the_person_must_both_agree(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let browser = Browser::default();
        let authorization = Authorization::of(&app, ASKS);
        let page = browser.visit(&authorization.address(&stage.server)).await;
        assert_eq!(page.answered("error").as_deref(), Some("invalid_scope"), "nobody has permitted it");
        let plain = agreed(&stage, &app, &browser, ("openid profile", "ryan", &["profile"])).await.text("access_token");
        assert_eq!(fetched(&stage, &plain).await.status, 403);
        stage.mapae(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
        let answer = fetched(&stage, &plain).await;
        assert_eq!((answer.status.as_u16(), answer.text("error").as_str()), (403, "insufficient_scope"), "the person has not agreed");
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("scope=\"upstream:kakao\""), "{challenge}");
        let refused = agreed(&stage, &app, &browser, (ASKS, "ryan", &[])).await;
        assert_eq!(refused.text("scope"), "openid profile");
        assert_eq!(fetched(&stage, &refused.text("access_token")).await.status, 403);

        let page = press(&stage, &browser, "agree").await;
        assert!(page.has("notice"), "{}", page.body);
        assert_eq!(fetched(&stage, &refused.text("access_token")).await.status, 403, "what was given stays as it was");
        let access_token = signed_in(&stage, &app, &browser).await;
        let answer = fetched(&stage, &access_token).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert!(works(&stage, &answer.text("access_token")).await);
        assert_eq!((answer.text("token_type").as_str(), answer.json.get("refresh_token")), ("Bearer", None));
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(fetched(&stage, "made-up").await.status, 401);
        stage.mapae(&["upstream", "forbid", "kakao", "--app", &app.client_id]).await;
        assert_eq!(fetched(&stage, &access_token).await.status, 403, "at once");
        let page = browser.visit(&authorization.address(&stage.server)).await;
        assert_eq!(page.answered("error").as_deref(), Some("invalid_scope"), "nor may it ask");
    }

    async fn what_is_taken_back_on_the_account_page_is_over(stage: Stage of ["kakao"]) {
        let app = permitted(&stage).await;
        let browser = Browser::default();
        let before = agreed(&stage, &app, &browser, (ASKS, "ryan", &["upstream:kakao"])).await;
        assert_eq!(fetched(&stage, &before.text("access_token")).await.status, 200);
        let page = press(&stage, &browser, "drop").await;
        assert!(page.has("notice"), "{}", page.body);
        assert_eq!(fetched(&stage, &before.text("access_token")).await.status, 401, "the token is dead");
        assert_eq!(stage.server.refresh(&app, &before.text("refresh_token")).await.error(), "invalid_grant");
        let without = agreed(&stage, &app, &browser, (ASKS, "ryan", &[])).await;
        assert_eq!(without.text("scope"), "openid", "asked once, refused, and not asked again");
        assert_eq!(fetched(&stage, &without.text("access_token")).await.status, 403);

        press(&stage, &browser, "agree").await;
        let again = signed_in(&stage, &app, &browser).await;
        assert_eq!(fetched(&stage, &again).await.status, 200);
        let page = press(&stage, &browser, "disconnect").await;
        assert!(page.has("notice"), "{}", page.body);
        assert_eq!(fetched(&stage, &again).await.status, 401);
    }

    async fn nobody_gets_what_belongs_to_another(stage: Stage of ["kakao"]) {
        let app = permitted(&stage).await;
        let (ryan, muzi) = (Browser::default(), Browser::default());
        let of_ryan = signed_in(&stage, &app, &ryan).await;
        let of_muzi = agreed(&stage, &app, &muzi, (ASKS, "muzi", &[])).await.text("access_token");
        assert_eq!(fetched(&stage, &of_muzi).await.status, 403, "who has not agreed has not, whoever else has");
        press(&stage, &muzi, "agree").await;
        let of_muzi = agreed(&stage, &app, &muzi, (ASKS, "muzi", &[])).await.text("access_token");
        let theirs = fetched(&stage, &of_muzi).await.text("access_token");
        let his = fetched(&stage, &of_ryan).await.text("access_token");
        assert_eq!((who_is(&stage, &theirs).await, who_is(&stage, &his).await), (4_029_384_756, 1_376_016_924_429_759_228));
        // Another app of the same person.
        let other = stage.server.register(AppSpec::default()).await;
        let foreign = agreed(&stage, &other, &ryan, ("openid profile", "ryan", &["profile"])).await.text("access_token");
        assert_eq!(fetched(&stage, &foreign).await.status, 403);
    }

    async fn lk_07_what_one_of_two_registrations_gave_is_not_told_as_the_others(stage: Stage of ["kakao"]) {
        stage.add("kakao", "second", None).await;
        let app = permitted(&stage).await;
        stage.mapae(&["upstream", "permit", "second", "--app", &app.client_id]).await;
        let both = ("openid upstream:kakao upstream:second", "ryan", &["all", "of them"][..]);
        let token = agreed(&stage, &app, &Browser::default(), both).await.text("access_token");
        assert_eq!(fetched(&stage, &token).await.status, 200, "Ryan came by this one");
        let other = mapae_testkit::http().get(stage.server.at("/upstream/second/token")).bearer_auth(&token);
        let refused = client::send(other).await;
        assert_eq!((refused.status.as_u16(), refused.text("error").as_str()), (400, "login_required"));
    }

    /// Google gives a refresh token once: what is kept of it belongs to the registration that it was given to.
    async fn rp_03_lk_07_what_another_registration_gave_is_not_taken_over(stage: Stage of ["google"]) {
        stage.enter(&Browser::default(), "google", ("jiwoo", &[])).await;
        let uri = stage.server.at("/upstream/second/callback");
        stage.simulator("google").control(Command::RedirectUri { uri, client_id: None }).await.unwrap();
        stage.add("google", "second", None).await;
        let app = stage.server.register(AppSpec::default()).await;
        stage.mapae(&["upstream", "permit", "second", "--app", &app.client_id]).await;
        let browser = Browser::default();
        let given = async |authorization: &Authorization, page: Page| {
            let page = match page.has("consent-approve") {
                true => browser.submit(&page, "consent-approve", &[("all", "1")]).await,
                false => page,
            };
            let code = page.answered("code").unwrap_or_else(|| panic!("{} {}", page.status, page.body));
            let token = stage.server.redeem(&app, &code, &authorization.verifier).await.text("access_token");
            let request = mapae_testkit::http().get(stage.server.at("/upstream/second/token"));
            client::send(request.bearer_auth(token)).await
        };
        let authorization = Authorization::of(&app, "openid upstream:second");
        let door = browser.visit(&authorization.address(&stage.server)).await;
        let page = stage.through(&browser, &door, "second", ("jiwoo", &[])).await;
        assert_eq!(given(&authorization, page).await.status, 200, "what the login itself brought");
        stage.advance(3_700);
        let authorization = Authorization::of(&app, "openid upstream:second");
        let page = browser.visit(&authorization.address(&stage.server)).await;
        let over = given(&authorization, page).await;
        assert_eq!((over.status.as_u16(), over.error()), (400, "login_required"), "and no refresh token of the first");
    }

    async fn an_api_that_is_given_a_token_gets_nothing_for_it_here(stage: Stage of ["kakao"]) {
        stage.server.register_api("https://calendar.example", &["calendar.read"], false).await;
        let optional = ["calendar.read", "upstream:kakao"].map(str::to_owned).to_vec();
        let app = stage.server.register(AppSpec { optional, ..AppSpec::default() }).await;
        stage.mapae(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
        let browser = Browser::default();
        let both = "openid calendar.read upstream:kakao";
        let tokens = agreed(&stage, &app, &browser, (both, "ryan", &["calendar.read", "upstream:kakao"])).await;
        assert_eq!(stage.server.userinfo(&tokens.text("access_token")).await.status, 200);
        assert_eq!(fetched(&stage, &tokens.text("access_token")).await.status, 403, "the API has it, too");
        let refresh_token = tokens.text("refresh_token");
        let narrow = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &refresh_token),
            ("scope", "openid upstream:kakao"),
        ];
        let here = stage.server.token(&app, &narrow).await.text("access_token");
        assert_eq!(fetched(&stage, &here).await.status, 200);
    }

    async fn when_the_link_is_over_the_app_is_told_to_let_the_person_sign_in(stage: Stage of ["kakao"]) {
        let (app, browser) = (permitted(&stage).await, Browser::default());
        let access_token = signed_in(&stage, &app, &browser).await;
        // The provider tells nobody: it shows when the token is due.
        stage.simulator("kakao").control(Command::Expire { tokens: Tokens::All, person: None }).await.unwrap();
        stage.advance(240);
        assert_eq!(fetched(&stage, &access_token).await.status, 200, "until then nobody knows");
        stage.advance(6 * 3_600);
        let access_token = signed_in(&stage, &app, &browser).await;
        for _ in 0..2 {
            let over = fetched(&stage, &access_token).await;
            assert_eq!((over.status.as_u16(), over.text("error").as_str()), (400, "login_required"));
        }
        let user = stage.accounts().await.remove(0).user.id;
        let way = identities::of_user(stage.server.app().db(), &user).await.unwrap().remove(0);
        assert!(way.tokens.is_none(), "what is dead is not kept");
        let again = signed_in(&stage, &app, &Browser::default()).await;
        assert_eq!(fetched(&stage, &again).await.status, 200, "and who signs in there brings others");
        stage.mapae(&["user", "disable", &user]).await;
        assert_eq!(fetched(&stage, &again).await.status, 401, "and whoever is disabled is nobody");
    }

    async fn rp_21_what_a_provider_gave_is_sealed(stage: Stage of ["kakao"]) {
        let app = permitted(&stage).await;
        let access_token = signed_in(&stage, &app, &Browser::default()).await;
        let given = fetched(&stage, &access_token).await.text("access_token");
        assert!(works(&stage, &given).await && !stage.kept().await.contains(&given));
    }

    async fn lk_07_who_was_permitted_there_is_not_permitted_at_another_of_its_name(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        stage.mapae(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
        stage.mapae(&["upstream", "remove", "kakao"]).await;
        stage.add("kakao", "kakao", None).await;
        let access_token = signed_in(&stage, &app, &Browser::default()).await;
        assert_eq!(fetched(&stage, &access_token).await.status, 403);
        stage.mapae(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
        assert_eq!(fetched(&stage, &access_token).await.status, 200);
    }
}
