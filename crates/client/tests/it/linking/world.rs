//! A small world of people and attackers against the real service: the vault, the issuers, browsers.
//!
//! The pure policy is held to the same in `src/linking/model.rs`, in many more steps; here it is what came of it.

use std::collections::BTreeSet;

use mapae_client::{Client, LoginRequest};
use proptest::prelude::*;

use super::stage::{Member, PROVIDERS, Stage};
use crate::website::Browser;

const PEOPLE: usize = 3;
const ADDRESSES: [&str; 2] = ["first@example.test", "Second@Example.test"];

#[derive(Clone, Debug)]
enum Step {
    /// Comes from a provider, which says something of an address.
    Arrive {
        person: usize,
        which: usize,
        address: Option<(usize, bool)>,
    },
    /// Begins to add an identity; perhaps somebody else finishes, in the browser that began or in their own.
    Add {
        person: usize,
        finisher: usize,
        which: usize,
        fresh: bool,
        same_browser: bool,
    },
    Remove {
        person: usize,
        which: usize,
    },
    /// Deletes the account; in order, or behind the client's back.
    Delete {
        person: usize,
        in_order: bool,
    },
    Days(i64),
    /// Two come at once, by two processes of the service: perhaps one person twice, perhaps two with one address.
    Together {
        people: [usize; 2],
        which: usize,
        address: Option<usize>,
    },
    /// The providers are called otherwise, or one of them is not there.
    Provide {
        swapped: bool,
        installed: [bool; 2],
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (person, which) = (0..PEOPLE, 0..2_usize);
    let address = proptest::option::of((0..ADDRESSES.len(), any::<bool>()));
    prop_oneof![
        4 => (person.clone(), which.clone(), address)
            .prop_map(|(person, which, address)| Step::Arrive { person, which, address }),
        3 => (person.clone(), person.clone(), which.clone(), any::<bool>(), any::<bool>()).prop_map(
            |(person, finisher, which, fresh, same_browser)| Step::Add { person, finisher, which, fresh, same_browser }
        ),
        2 => (person.clone(), which).prop_map(|(person, which)| Step::Remove { person, which }),
        1 => (person, any::<bool>()).prop_map(|(person, in_order)| Step::Delete { person, in_order }),
        1 => (1..40_i64).prop_map(Step::Days),
        2 => ([0..PEOPLE, 0..PEOPLE], 0..2_usize, proptest::option::of(0..ADDRESSES.len()))
            .prop_map(|(people, which, address)| Step::Together { people, which, address }),
        1 => (any::<bool>(), 0..4_usize).prop_map(|(swapped, missing)| {
            Step::Provide { swapped, installed: [missing != 0, missing != 1] }
        }),
    ]
}

struct World {
    stage: Stage,
    browsers: Vec<Browser>,
    installed: [bool; 2],
}

fn subject(person: usize) -> String {
    format!("person-{person}")
}

impl World {
    async fn new() -> Self {
        let browsers = vec![Browser::default(); PEOPLE];
        Self { stage: Stage::start().await, browsers, installed: [true; 2] }
    }

    /// The service in another process, with the providers that are there now.
    async fn process(&self) -> Client<Member> {
        let there = [0, 1].into_iter().filter(|which| self.installed[*which]);
        let there: Vec<_> = there.map(|which| (self.stage.names[which], which)).collect();
        self.stage.again(&there, |builder| builder).await
    }

    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Arrive { person, which, address } => self.arrive(person, which, address).await,
            Step::Add { person, finisher, which, fresh, same_browser } => {
                if fresh {
                    self.prove(person).await;
                }
                self.add(person, finisher, which, same_browser).await;
            }
            Step::Remove { person, which } => {
                self.prove(person).await;
                // What must not be removed is refused; that is another test's matter.
                let _ = self.stage.remove(&mut self.browsers[person], which, &subject(person)).await;
            }
            Step::Delete { person, in_order } => {
                let Some(account) = self.stage.account(&self.browsers[person]).await else { return };
                let member = self.stage.members.rows.lock().unwrap().remove(&account);
                if in_order {
                    let address = member.and_then(|member| member.address);
                    self.stage.client.account_deleted(&account, address.as_deref()).await.unwrap();
                }
            }
            Step::Days(days) => self.stage.clock.advance(days * 86_400),
            Step::Together { people, which, address } => self.together(people, which, address).await,
            Step::Provide { swapped, installed } => {
                self.stage.names = if swapped { [PROVIDERS[1], PROVIDERS[0]] } else { PROVIDERS };
                self.installed = installed;
                self.stage.client = self.process().await;
            }
        }
    }

    async fn together(&mut self, people: [usize; 2], which: usize, address: Option<usize>) {
        if !self.installed[which] {
            return;
        }
        let (stage, name) = (&self.stage, self.stage.names[which]);
        let (first, second) = (&stage.client, self.process().await);
        let mut browsers = [Browser::default(), Browser::default()];
        let mut backs = Vec::new();
        for (person, browser) in people.into_iter().zip(&mut browsers) {
            stage.mails.lock().unwrap().remove(&subject(person));
            if let Some(address) = address {
                stage.mail(&subject(person), ADDRESSES[address], true);
            }
            let started = first.login(&LoginRequest::new().with_provider(name), &browser.headers()).await;
            backs.push(stage.depart(browser, &started.unwrap(), which, &subject(person)));
        }
        let [one, two] = [0, 1].map(|n| browsers[n].cookie_headers());
        let arrived = tokio::join!(
            first.callback(name, Some(&backs[0]), &one),
            second.callback(name, Some(&backs[1]), &two)
        );
        let arrived = [arrived.0.unwrap(), arrived.1.unwrap()];
        for (n, person) in people.into_iter().enumerate() {
            browsers[n].take(&arrived[n].cookies);
            self.browsers[person] = browsers[n].clone();
        }
    }

    async fn arrive(&mut self, person: usize, which: usize, address: Option<(usize, bool)>) {
        if !self.installed[which] {
            return;
        }
        let (stage, browser, name) = (&self.stage, &mut self.browsers[person], subject(person));
        stage.mails.lock().unwrap().remove(&name);
        if let Some((address, verified)) = address {
            stage.mail(&name, ADDRESSES[address], verified);
        }
        if stage.sign_in(browser, which, &name).await.unwrap() == "/sign-up" {
            // An account must be proved: whoever is here tries with what they have.
            let request = LoginRequest::new().with_provider(stage.names[1 - which]);
            let started = stage.client.prove_account(&request, &browser.headers()).await;
            let _ = stage.go(browser, started, 1 - which, &name).await;
        }
    }

    async fn prove(&mut self, person: usize) {
        for which in [0, 1] {
            let _ = self.stage.prove(&mut self.browsers[person], which, &subject(person)).await;
        }
    }

    async fn add(&mut self, person: usize, finisher: usize, which: usize, same_browser: bool) {
        let request = LoginRequest::new().with_provider(self.stage.names[which]);
        let started = self
            .stage
            .client
            .add_sign_in_method(&request, &self.browsers[person].headers(), &self.browsers[person].form())
            .await;
        let Ok(started) = started else { return };
        let cookies = started.cookies.clone();
        let back = self.stage.depart(&mut self.browsers[person], &started, which, &subject(finisher));
        let browser = if same_browser {
            // On the browser that began, the other one has signed in meanwhile.
            if person != finisher {
                let signed_in =
                    self.stage.sign_in(&mut self.browsers[person], which, &subject(finisher)).await;
                if signed_in.is_ok_and(|place| place == "/sign-up") {
                    // Nobody is: the session is still the one that began, and may finish.
                    self.browsers[person] = Browser::default();
                    return;
                }
            }
            &mut self.browsers[person]
        } else {
            // The cookie of the pending login was planted in the other one's browser.
            self.browsers[finisher].take(&cookies);
            &mut self.browsers[finisher]
        };
        let finished = self.stage.come_back(browser, which, &back).await;
        if person != finisher {
            assert!(finished.is_err(), "what one began another finished: {finished:?}");
            // A browser is its owner's again.
            self.browsers[person] = Browser::default();
        }
    }

    /// Nobody's identity opens what somebody else founded, no browser shows it, and every account has a way in.
    async fn check(&self) {
        let mut opened = BTreeSet::new();
        for person in 0..PEOPLE {
            for which in [0, 1] {
                let identity = self.stage.person(which, &subject(person));
                if let Some(account) = self.stage.client.account_of(&identity).await.unwrap() {
                    assert_eq!(account.subject(), subject(person), "{identity:?} opens it");
                    opened.insert(account);
                }
            }
            if let Some(account) = self.stage.account(&self.browsers[person]).await {
                assert_eq!(account.subject(), subject(person), "a browser shows it");
            }
        }
        let rows = self.stage.members.rows.lock().unwrap();
        assert!(rows.keys().all(|account| opened.contains(account)), "nothing opens it: {opened:?} {rows:?}");
        let mut addresses: Vec<_> = rows.values().filter_map(|member| member.address.as_deref()).collect();
        let all = addresses.len();
        addresses.sort_unstable();
        addresses.dedup();
        assert_eq!(addresses.len(), all, "an address is one account's");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 64, ..ProptestConfig::default() })]

    /// Pre-hijacking, unverified and recycled addresses, two sign-ups at once, methods and providers removed and added again,
    /// accounts deleted and founded again, one who begins and another who finishes: an account opens to who founded it, and to
    /// nobody else.
    #[test]
    fn lk_01_lk_02_lk_03_lk_05_lk_07_lk_10_lk_12_rp_04_an_account_of_the_real_service_opens_to_who_founded_it_alone(
        steps in proptest::collection::vec(step(), 1..14)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.take(step).await;
                world.check().await;
            }
        });
    }
}
