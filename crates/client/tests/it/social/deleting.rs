//! An account that the application has deleted is over at the providers, too.

use mapae_client::{AccessError, Client, EndUser, LoginRequest};
use mapae_simulators::Command;

use super::scene::{Person, Scene};
use crate::website::User;

/// A service with two providers, and somebody whose account either of them opens.
struct Member {
    kakao: Scene,
    naver: Scene,
    client: Client<User>,
    /// Who they are at Kakao and at Naver.
    people: Vec<EndUser>,
    account: EndUser,
}

impl Member {
    async fn sign_up() -> Self {
        let (kakao, naver) = (Scene::of("kakao").await, Scene::of("naver").await);
        let client = kakao.beside(&naver, "http://localhost:3000/callback/naver").await;
        let (mut person, founding) = (Person::default(), LoginRequest::new().with_provider("kakao"));
        kakao.sign_in_by(&client, &founding, &mut person, ("ryan", &[])).await.unwrap();
        let cookies = &person.cookies;
        let proof = client.prove_again(&founding, &cookies.headers(), &cookies.form()).await.unwrap();
        kakao.follow(&client, proof, &mut person, ("ryan", &[])).await.unwrap();

        let (further, cookies) = (LoginRequest::new().with_provider("naver"), &person.cookies);
        let adding = client.add_sign_in_method(&further, &cookies.headers(), &cookies.form()).await.unwrap();
        naver.follow(&client, adding, &mut person, ("yuna", &[])).await.unwrap();
        let headers = person.cookies.headers();
        let mark = client.sign_in_method_to_add(&headers).await.unwrap().mark;
        client.confirm_sign_in_method(&headers, format!("mark={mark}").as_bytes()).await.unwrap();

        let seen = client.sign_in_methods(&headers).await.unwrap();
        let people: Vec<EndUser> = seen.methods.into_iter().map(|method| method.person).collect();
        let member = Self { kakao, naver, client, people, account: seen.account };
        assert_eq!((member.people.len(), member.links().await), (2, [true; 2]));
        member
    }

    /// Whether Kakao and Naver have them connected with the service.
    async fn links(&self) -> [bool; 2] {
        [self.kakao.is_linked("ryan").await, self.naver.is_linked("yuna").await]
    }

    async fn delete_account(&self) {
        self.kakao.users.remove(&self.account);
        self.client.account_deleted(&self.account, None).await.unwrap();
        for person in &self.people {
            let tokens = self.client.access_token(person).await;
            assert!(matches!(tokens, Err(AccessError::SignInAgain)), "{person:?}: {tokens:?}");
        }
    }
}

#[tokio::test]
async fn lk_12_a_deleted_account_is_connected_with_none_of_its_providers() {
    let member = Member::sign_up().await;
    // Kakao wants an access token that works, and the one that is kept is over by now.
    member.kakao.advance(86_400);
    member.delete_account().await;
    assert_eq!(member.links().await, [false; 2]);
}

#[tokio::test]
async fn lk_12_what_cannot_be_refreshed_any_more_ends_its_link_while_it_works() {
    let member = Member::sign_up().await;
    // Of Kakao's six hours less than a tenth is left: it is due, and not over yet.
    member.kakao.advance(20_000);
    member.kakao.simulator.control(Command::fail("/oauth/token", "KOE322")).await.unwrap();
    member.delete_account().await;
    assert_eq!(member.links().await, [false; 2]);
}

#[tokio::test]
async fn lk_12_a_provider_that_does_not_hear_of_a_deletion_is_in_nobodys_way() {
    let member = Member::sign_up().await;
    member.kakao.simulator.control(Command::fail("/v1/user/unlink", "-1")).await.unwrap();
    member.delete_account().await;
    assert_eq!(member.links().await, [true, false]);
    // Who comes back founds an account of their own.
    let mut person = Person::default();
    member.kakao.sign_in_by(&member.client, &LoginRequest::new(), &mut person, ("ryan", &[])).await.unwrap();
    let seen = member.client.sign_in_methods(&person.cookies.headers()).await.unwrap();
    assert_eq!(seen.methods.len(), 1);
}
