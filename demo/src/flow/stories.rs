//! Which messages belong together: a login, a page with its API calls, an experiment.

use serde::Serialize;

use super::{
    Endpoint, Lifeline,
    message::{Draft, Kind},
};

/// A group of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Story {
    /// Counted from 1; 0 is what goes on in the background.
    pub id: u64,
    /// What it is about.
    pub kind: StoryKind,
}

/// What a group is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoryKind {
    /// From the button to the session.
    Login,
    /// The same with a social provider.
    SocialLogin,
    /// What a person does in the settings of a social provider.
    ProviderAccount,
    /// A link between the service and a social provider ends, and what becomes of it.
    Unlinking,
    /// A page of the service, with the API calls that it needs.
    Visit,
    /// Pages of the authorization server that belong to no login.
    Account,
    /// Somebody calls the API, or the authorization server as programs do, by other means than the service.
    DirectCall,
    /// A button under the diagram.
    Experiment,
    /// What servers tell each other by themselves.
    Background,
}

/// What is going on.
#[derive(Debug, Default)]
pub(crate) struct Stories {
    last: u64,
    current: Option<Story>,
    experiment: Option<Story>,
    /// The service knows that a link has ended, and its page has not said so yet; it says so once.
    to_say_why: bool,
}

impl Stories {
    /// The story of a message that answers none.
    pub(crate) fn of(&mut self, draft: &Draft) -> Story {
        if draft.noise {
            return Story { id: 0, kind: StoryKind::Background };
        }
        if let Some(experiment) = self.experiment {
            return experiment;
        }
        let story = self.expected(draft).unwrap_or_else(|| self.begin(opening(draft)));
        self.hear(story, draft);
        story
    }

    /// Everything from now on belongs to one experiment.
    pub(crate) fn begin_experiment(&mut self) -> Story {
        let story = self.begin(StoryKind::Experiment);
        self.experiment = Some(story);
        story
    }

    /// Goes on with the experiment that was last, if nothing else has begun meanwhile.
    pub(crate) fn resume_experiment(&mut self) -> Story {
        let last = self.current.filter(|story| story.kind == StoryKind::Experiment);
        let story = last.unwrap_or_else(|| self.begin(StoryKind::Experiment));
        self.experiment = Some(story);
        story
    }

    /// The experiment is over; what follows begins something new.
    pub(crate) fn end_experiment(&mut self, story: Story) {
        if self.experiment == Some(story) {
            self.experiment = None;
        }
    }

    fn begin(&mut self, kind: StoryKind) -> Story {
        self.last += 1;
        let story = Story { id: self.last, kind };
        self.current = Some(story);
        self.to_say_why = false;
        story
    }

    /// What is told to the authorization server only, the service learns when it next asks for something.
    fn hear(&mut self, story: Story, draft: &Draft) {
        let told =
            draft.to == Lifeline::Client && matches!(draft.endpoint, Endpoint::Notice | Endpoint::Unlinking);
        let says = draft.endpoint == Endpoint::Home;
        self.to_say_why = story.kind == StoryKind::Unlinking && (told || self.to_say_why && !says);
    }

    /// The current story, if this is how it may go on.
    fn expected(&self, draft: &Draft) -> Option<Story> {
        let current = self.current?;
        let kind = opening(draft);
        let goes_on = match draft.from {
            Lifeline::Browser if draft.to == Lifeline::ResourceServer => false,
            Lifeline::Browser if draft.endpoint == Endpoint::Home && !self.to_say_why => false,
            Lifeline::Browser => continues(current.kind, draft.endpoint),
            Lifeline::Provider if draft.kind == Kind::Request => current.kind == StoryKind::Unlinking,
            // Programs speak in the middle of whatever a person began.
            Lifeline::Client
            | Lifeline::Provider
            | Lifeline::AuthorizationServer
            | Lifeline::ResourceServer => true,
        };
        let alone = kind == StoryKind::DirectCall && current.kind != StoryKind::Login;
        (goes_on && (!alone || draft.kind == Kind::Event)).then_some(current)
    }
}

/// What a message begins that belongs to nothing before it.
fn opening(draft: &Draft) -> StoryKind {
    match (draft.from, draft.to) {
        (_, Lifeline::Client) if is_social(draft.endpoint) => StoryKind::SocialLogin,
        _ if is_unlinking(draft.endpoint) => StoryKind::Unlinking,
        // The authorization server sends somebody on whose app is not known here.
        (Lifeline::Browser, Lifeline::AuthorizationServer) if is_brokered(draft.endpoint) => StoryKind::Login,
        (Lifeline::Browser, Lifeline::Provider) if is_login(draft.endpoint) => StoryKind::SocialLogin,
        (Lifeline::Browser, Lifeline::Provider) => StoryKind::ProviderAccount,
        (Lifeline::Browser, Lifeline::ResourceServer) => StoryKind::DirectCall,
        (Lifeline::Browser, Lifeline::AuthorizationServer) if is_for_programs(draft.endpoint) => {
            StoryKind::DirectCall
        }
        (Lifeline::Browser, Lifeline::AuthorizationServer) if is_login(draft.endpoint) => StoryKind::Login,
        (Lifeline::Browser, Lifeline::AuthorizationServer) => StoryKind::Account,
        (_, Lifeline::Client) if is_login(draft.endpoint) => StoryKind::Login,
        _ => StoryKind::Visit,
    }
}

/// Whether a browser's request goes on with what it has begun.
fn continues(current: StoryKind, endpoint: Endpoint) -> bool {
    match current {
        StoryKind::Login | StoryKind::SocialLogin => {
            is_login(endpoint) && !matches!(endpoint, Endpoint::Login | Endpoint::SocialLogin)
                || is_brokered(endpoint)
                || endpoint == Endpoint::ServerPage
                // An app in the browser redeems its code itself.
                || is_for_programs(endpoint)
        }
        StoryKind::ProviderAccount => endpoint == Endpoint::ProviderSettings,
        StoryKind::Unlinking => matches!(endpoint, Endpoint::ProviderSettings | Endpoint::Home),
        StoryKind::Account => matches!(endpoint, Endpoint::ServerPage | Endpoint::Disconnect),
        // Some experiments send the browser off with an authorization request of their own.
        StoryKind::Experiment => matches!(endpoint, Endpoint::Authorize | Endpoint::Callback),
        StoryKind::Visit | StoryKind::DirectCall | StoryKind::Background => false,
    }
}

const fn is_for_programs(endpoint: Endpoint) -> bool {
    matches!(
        endpoint,
        Endpoint::Redemption
            | Endpoint::Refresh
            | Endpoint::Token
            | Endpoint::UserInfo
            | Endpoint::Revocation
            | Endpoint::Introspection
            | Endpoint::Discovery
            | Endpoint::Keys
            | Endpoint::Preflight
    )
}

const fn is_social(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::SocialLogin | Endpoint::SocialCallback)
}

const fn is_brokered(endpoint: Endpoint) -> bool {
    matches!(
        endpoint,
        Endpoint::UpstreamLogin
            | Endpoint::UpstreamCallback
            | Endpoint::UpstreamSignUpForm
            | Endpoint::UpstreamSignUp
    )
}

const fn is_unlinking(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::Notice | Endpoint::Unlink | Endpoint::Unlinking)
}

const fn is_login(endpoint: Endpoint) -> bool {
    matches!(
        endpoint,
        Endpoint::Login
            | Endpoint::SocialLogin
            | Endpoint::SocialCallback
            | Endpoint::BrowserApp
            | Endpoint::Callback
            | Endpoint::SignUpForm
            | Endpoint::SignUp
            | Endpoint::Authorize
            | Endpoint::SignInPage
            | Endpoint::SignIn
            | Endpoint::Continue
            | Endpoint::ConsentPage
            | Endpoint::Consent
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(stories: &mut Stories, from: Lifeline, to: Lifeline, endpoint: Endpoint) -> (u64, StoryKind) {
        let story = stories.of(&Draft::new(Kind::Request, endpoint, from, to));
        (story.id, story.kind)
    }

    #[test]
    fn a_login_is_one_story_and_the_page_after_it_another() {
        use Lifeline::{AuthorizationServer as Server, Browser, Client, ResourceServer as Api};
        let mut stories = Stories::default();
        for (from, to, endpoint, id, kind) in [
            (Browser, Client, Endpoint::Home, 1, StoryKind::Visit),
            (Browser, Client, Endpoint::Login, 2, StoryKind::Login),
            (Client, Server, Endpoint::Discovery, 2, StoryKind::Login),
            (Browser, Server, Endpoint::Authorize, 2, StoryKind::Login),
            (Browser, Server, Endpoint::SignIn, 2, StoryKind::Login),
            (Browser, Server, Endpoint::ServerPage, 2, StoryKind::Login),
            (Browser, Client, Endpoint::Callback, 2, StoryKind::Login),
            (Client, Server, Endpoint::Redemption, 2, StoryKind::Login),
            (Browser, Client, Endpoint::SignUp, 2, StoryKind::Login),
            (Browser, Client, Endpoint::Home, 3, StoryKind::Visit),
            (Client, Server, Endpoint::Refresh, 3, StoryKind::Visit),
            (Client, Api, Endpoint::ReadEvents, 3, StoryKind::Visit),
            (Browser, Client, Endpoint::Login, 4, StoryKind::Login),
            (Browser, Client, Endpoint::Login, 5, StoryKind::Login),
            (Browser, Api, Endpoint::ReadEvents, 6, StoryKind::DirectCall),
            (Browser, Server, Endpoint::Token, 7, StoryKind::DirectCall),
            (Browser, Client, Endpoint::BrowserApp, 8, StoryKind::Login),
            (Browser, Server, Endpoint::Authorize, 8, StoryKind::Login),
            (Browser, Client, Endpoint::BrowserApp, 8, StoryKind::Login),
            (Browser, Server, Endpoint::Redemption, 8, StoryKind::Login),
            (Browser, Api, Endpoint::Preflight, 9, StoryKind::DirectCall),
            (Browser, Server, Endpoint::ServerPage, 10, StoryKind::Account),
            (Browser, Server, Endpoint::Disconnect, 10, StoryKind::Account),
        ] {
            assert_eq!(tell(&mut stories, from, to, endpoint), (id, kind), "{endpoint:?}");
        }
    }

    #[test]
    fn a_social_login_is_one_story_and_the_unlinking_with_the_page_that_says_why_another() {
        use Lifeline::{Browser, Client, Provider};
        let mut stories = Stories::default();
        for (from, to, endpoint, id, kind) in [
            (Browser, Client, Endpoint::SocialLogin, 1, StoryKind::SocialLogin),
            (Browser, Provider, Endpoint::Authorize, 1, StoryKind::SocialLogin),
            (Browser, Provider, Endpoint::SignIn, 1, StoryKind::SocialLogin),
            (Browser, Provider, Endpoint::Consent, 1, StoryKind::SocialLogin),
            (Browser, Client, Endpoint::SocialCallback, 1, StoryKind::SocialLogin),
            (Client, Provider, Endpoint::Redemption, 1, StoryKind::SocialLogin),
            (Client, Client, Endpoint::OwnDatabase, 1, StoryKind::SocialLogin),
            (Browser, Client, Endpoint::SignUpForm, 1, StoryKind::SocialLogin),
            (Browser, Client, Endpoint::SignUp, 1, StoryKind::SocialLogin),
            (Browser, Client, Endpoint::Home, 2, StoryKind::Visit),
            (Browser, Provider, Endpoint::ProviderSettings, 3, StoryKind::ProviderAccount),
            (Browser, Provider, Endpoint::Unlink, 4, StoryKind::Unlinking),
            (Provider, Client, Endpoint::Notice, 4, StoryKind::Unlinking),
            (Browser, Provider, Endpoint::ProviderSettings, 4, StoryKind::Unlinking),
            (Browser, Client, Endpoint::Home, 4, StoryKind::Unlinking),
            (Browser, Provider, Endpoint::ProviderSettings, 4, StoryKind::Unlinking),
            (Browser, Client, Endpoint::Home, 5, StoryKind::Visit),
            // Somebody unlinked by other means than the page.
            (Provider, Client, Endpoint::Notice, 6, StoryKind::Unlinking),
        ] {
            assert_eq!(tell(&mut stories, from, to, endpoint), (id, kind), "{endpoint:?}");
        }
    }

    #[test]
    fn a_login_through_the_authorization_server_with_a_provider_is_one_story_of_two_logins() {
        use Lifeline::{AuthorizationServer as Server, Browser, Client, Provider};
        let mut stories = Stories::default();
        for (from, to, endpoint, id, kind) in [
            (Browser, Client, Endpoint::Login, 1, StoryKind::Login),
            (Browser, Server, Endpoint::SignInPage, 1, StoryKind::Login),
            (Browser, Server, Endpoint::UpstreamLogin, 1, StoryKind::Login),
            (Browser, Provider, Endpoint::Authorize, 1, StoryKind::Login),
            (Browser, Provider, Endpoint::Consent, 1, StoryKind::Login),
            (Browser, Server, Endpoint::UpstreamCallback, 1, StoryKind::Login),
            (Server, Provider, Endpoint::Redemption, 1, StoryKind::Login),
            (Browser, Server, Endpoint::UpstreamSignUpForm, 1, StoryKind::Login),
            (Browser, Server, Endpoint::UpstreamSignUp, 1, StoryKind::Login),
            (Browser, Server, Endpoint::ConsentPage, 1, StoryKind::Login),
            (Browser, Client, Endpoint::Callback, 1, StoryKind::Login),
            (Browser, Client, Endpoint::Home, 2, StoryKind::Visit),
            (Browser, Provider, Endpoint::Unlink, 3, StoryKind::Unlinking),
            (Provider, Server, Endpoint::Notice, 3, StoryKind::Unlinking),
            // Nobody has told the service.
            (Browser, Client, Endpoint::Home, 4, StoryKind::Visit),
            // Somebody opens their account at the server.
            (Browser, Server, Endpoint::UpstreamLogin, 5, StoryKind::Login),
        ] {
            assert_eq!(tell(&mut stories, from, to, endpoint), (id, kind), "{endpoint:?}");
        }
    }

    #[test]
    fn an_experiment_holds_all_that_happens_in_it_but_the_noise() {
        let mut stories = Stories::default();
        let experiment = stories.begin_experiment();
        let inside = tell(&mut stories, Lifeline::Browser, Lifeline::Client, Endpoint::Home);
        assert_eq!(inside, (experiment.id, StoryKind::Experiment));
        let mut feed = Draft::new(
            Kind::Request,
            Endpoint::RevocationFeed,
            Lifeline::ResourceServer,
            Lifeline::AuthorizationServer,
        );
        feed.noise = true;
        assert_eq!(stories.of(&feed).kind, StoryKind::Background);
        stories.end_experiment(experiment);
        let sent_off =
            tell(&mut stories, Lifeline::Browser, Lifeline::AuthorizationServer, Endpoint::Authorize);
        assert_eq!(sent_off, inside);
        let back = tell(&mut stories, Lifeline::Browser, Lifeline::Client, Endpoint::Callback);
        assert_eq!(back, inside);
        assert_eq!(stories.resume_experiment(), experiment);
        stories.end_experiment(experiment);
        let after = tell(&mut stories, Lifeline::Browser, Lifeline::Client, Endpoint::Home);
        assert_eq!(after, (experiment.id + 1, StoryKind::Visit));
        assert_eq!(stories.resume_experiment().id, experiment.id + 2, "something else has begun");
    }
}
