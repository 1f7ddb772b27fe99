//! A PostgreSQL that comes and goes, and how it is spoken to.

use std::sync::Arc;

use mapae_client::{Class, StoreError, Vault, VaultKey};
use mapae_testkit::postgres::PostgresServer;
use tokio::sync::Semaphore;

use crate::{
    place::Place,
    website::{Setup, Website},
};

/// On a server that the test stops and starts.
async fn on(server: &PostgresServer) -> Place {
    let url = server.fresh_database().await.unwrap();
    Place { folder: Arc::new(tempfile::tempdir().unwrap()), url }
}

#[tokio::test]
async fn db_05_a_successor_outlives_a_database_that_goes_away_while_it_is_fetched() {
    let server = PostgresServer::start().unwrap();
    let (website, issuer) = Website::start_in(on(&server).await, Setup::default()).await;
    let person = website.signed_in_person(&issuer).await;
    website.clock.advance(60);
    let gate = Arc::new(Semaphore::new(0));
    issuer.behave().gate = Some(Arc::clone(&gate));
    let reader = tokio::spawn({
        let (client, person) = (website.client.clone(), person.clone());
        async move { client.access_token(&person).await }
    });
    issuer.refresh_arrives().await;
    server.stop().unwrap();
    gate.add_permits(1);
    server.start_again().unwrap();
    reader.await.unwrap().unwrap();
    issuer.behave().gate = None;
    website.clock.advance(60);
    website.client.access_token(&person).await.unwrap();
    assert_eq!(issuer.refreshes(), 2, "with the successor that was kept");
}

#[tokio::test]
async fn db_10_without_the_database_nobody_is_signed_in_and_nothing_is_lost() {
    let server = PostgresServer::start().unwrap();
    let (website, issuer) = Website::start_in(on(&server).await, Setup::default()).await;
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let person = browser.person(&website).await.unwrap();
    server.stop().unwrap();
    let refused = website.client.signed_in(&browser.headers()).await.unwrap_err();
    assert_eq!(refused.class(), Class::Unavailable);
    assert_eq!(website.client.access_token(&person).await.unwrap_err().class(), Class::Unavailable);
    assert_eq!(website.sign_in(&issuer, "bob").await.unwrap_err().class(), Class::Unavailable);
    server.start_again().unwrap();
    assert!(browser.user(&website).await.is_some());
    website.client.access_token(&person).await.unwrap();
}

#[tokio::test]
async fn db_12_processes_that_start_at_once_make_one_schema() {
    let place = Place::fresh().await;
    let openings = (0..8).map(|_| place.open());
    let vaults = futures_util::future::join_all(openings).await;
    assert_eq!(vaults.len(), 8);
    let newer = "INSERT INTO mapae_client.schema_steps (step) VALUES (1000)";
    PostgresServer::shared().unwrap().execute(place.url(), newer).await.unwrap();
    let key = VaultKey::file(place.key_file()).unwrap();
    let refused = Vault::connect(place.url(), &key).await.unwrap_err();
    assert!(matches!(refused, StoreError::Newer), "{refused:?}");
}

#[tokio::test]
async fn a_certificate_is_checked_or_there_is_no_connection() {
    let server = PostgresServer::start_with_tls().unwrap();
    server.execute("postgres", "CREATE DATABASE app").await.unwrap();
    let key = VaultKey::from_bytes([7; 32]).unwrap();
    let trusted = server.certificate().display().to_string();
    let good = format!("{}?sslrootcert={trusted}", server.tcp_url("localhost", "app"));
    Vault::connect(&good, &key).await.unwrap();
    for bad in [
        format!("{}?sslmode=verify-full", server.tcp_url("localhost", "app")),
        format!("{}?sslrootcert={trusted}", server.tcp_url("127.0.0.1", "app")),
        "mysql://localhost/app".to_owned(),
    ] {
        assert!(Vault::connect(&bad, &key).await.is_err(), "{bad}");
    }
}
