//! The demo on ports of its own, with an authorization server that is not there.

use mapae_demo::{ApiSettings, Doors, OtherClients, Running, Settings, Stage, start};
use tempfile::TempDir;

/// A running demo and a client without cookies that follows no redirect.
pub(crate) struct Play {
    pub(crate) running: Running,
    pub(crate) http: reqwest::Client,
    _folder: TempDir,
}

impl Play {
    pub(crate) async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let doors = Doors::open(0, 0).await.unwrap();
        let api = ApiSettings {
            identifier: doors.api_url(),
            client_id: "api_1".to_owned(),
            client_secret: "api-secret".to_owned().into(),
        };
        let settings = Settings {
            // Nobody listens on the port of discarded packets.
            issuer: "http://localhost:9".to_owned(),
            client_id: "app_1".to_owned(),
            client_secret: "app-secret".to_owned().into(),
            api,
            others: OtherClients {
                browser_app_id: "app_2".to_owned(),
                native_app_id: "app_3".to_owned(),
                back_end_id: "app_4".to_owned(),
                back_end_secret: "back-end-secret".to_owned().into(),
            },
            data: folder.path().to_owned(),
            stage: Stage::new(),
        };
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Self { running: start(doors, settings).unwrap(), http: http.build().unwrap(), _folder: folder }
    }

    pub(crate) fn page(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.running.service_url))
    }

    /// A form as a page of the service posts it.
    pub(crate) fn form(&self, path: &str, body: &str) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.running.service_url));
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned());
        request.header("sec-fetch-site", "same-origin")
    }

    pub(crate) fn events(&self) -> String {
        format!("{}/events", self.running.api_url)
    }
}

/// A header of an answer.
pub(crate) fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
