//! A mail that was promised outlives `kill -9`.

use std::{fs, path::Path, time::Duration};

use mapae_testkit::Browser;

use super::{
    installation::{on_each_engine, text},
    server::{PATIENCE, Server},
};

/// The mails that lie in the folder.
fn mails(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let finished = entries.filter(|path| path.extension().is_some_and(|kind| kind == "eml"));
    finished.map(|path| fs::read_to_string(path).expect("a text")).collect()
}

/// Waits for the first mail: a round of the server is a few seconds.
async fn first_mail(folder: &Path) -> String {
    let mut looks = tokio::time::interval(Duration::from_millis(100));
    let found = async {
        loop {
            looks.tick().await;
            if let Some(mail) = mails(folder).pop() {
                return mail;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("the mail is written")
}

on_each_engine! {
    async fn a_mail_that_was_promised_outlives_a_kill_9(mapae: Installation) {
        mapae.user("mina@example.com");
        let server = Server::start(&mapae);
        let mailbox = text(&server.ready, "mailbox");
        let mailbox = Path::new(&mailbox);
        // Nothing can be written there, so that it is not a matter of luck whether it was before the kill.
        fs::remove_dir_all(mailbox).unwrap();
        fs::write(mailbox, "").unwrap();
        let browser = Browser::default();
        for email in ["mina@example.com", "nobody@example.com"] {
            let form = browser.visit(&format!("{}/password/forgot", server.issuer)).await;
            let promised = browser.submit(&form, "login-submit", &[("email", email)]).await;
            assert_eq!(promised.status, 200, "{}", promised.body);
        }
        server.stop("KILL");

        fs::remove_file(mailbox).unwrap();
        let again = Server::start(&mapae);
        let mail = first_mail(mailbox).await;
        assert!(mail.contains("\nTo: <mina@example.com>") && mail.contains("/password/new?token="), "{mail}");
        assert_eq!(again.stop("TERM").status.code(), Some(0));
        assert_eq!(mails(mailbox).len(), 1, "nobody else has an account");
    }
}
