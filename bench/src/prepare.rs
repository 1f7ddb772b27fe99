//! `mapae-bench prepare`: everybody signs in by the server's own pages, and agrees.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::Value;
use url::Url;

use crate::{
    browser::{Browser, Person},
    form,
    http::{self, Connection},
    scenario::authorization,
    target::{DISCOVERY, Endpoints, Prepared, Target},
};

/// Sign everybody in at a server and agree; prints its endpoints and everybody's cookies.
#[derive(Args)]
pub(crate) struct Prepare {
    /// Description of the server
    #[arg(long, value_name = "FILE")]
    target: PathBuf,
}

impl Prepare {
    /// Signs in.
    ///
    /// # Errors
    /// When a page comes on which there is nothing to do.
    pub(crate) async fn run(&self) -> anyhow::Result<Prepared> {
        let target = Target::read(&self.target)?;
        let endpoints = endpoints(&target).await?;
        let mut cookies = Vec::new();
        for number in 0..target.people {
            let mut browser = Browser::open(target.address, &target.host).await?;
            let person = Person { email: &Target::email(number), password: &target.password };
            let (web, bound) = (&target.web, &target.bound);
            for (id, redirect_uri, api) in [
                (&web.id, &web.redirect_uri, &target.signed),
                (&web.id, &web.redirect_uri, &target.opaque),
                (&bound.id, &bound.redirect_uri, &target.signed),
            ] {
                let asked = authorization(id, redirect_uri, api).chain([("nonce", "n"), ("state", "s")]);
                let address = format!("{}?{}", endpoints.authorize, form::encode(asked));
                browser.visit(&address, redirect_uri, person).await?;
            }
            cookies.push(browser.lasting_cookies());
        }
        Ok(Prepared { endpoints, cookies })
    }
}

async fn endpoints(target: &Target) -> anyhow::Result<Endpoints> {
    let mut connection = Connection::open(target.address).await?;
    let request = http::request_head("GET", DISCOVERY, &target.host) + "\r\n";
    let answer = connection.exchange(request.as_bytes()).await?;
    let document: Value = serde_json::from_slice(answer.good()?)?;
    let path = |name: &str| -> anyhow::Result<String> {
        let address = document.get(name).and_then(Value::as_str).with_context(|| format!("no {name}"))?;
        Ok(Url::parse(address)?.path().to_owned())
    };
    Ok(Endpoints {
        authorize: path("authorization_endpoint")?,
        token: path("token_endpoint")?,
        pushed_request: path("pushed_authorization_request_endpoint")?,
        device_authorization: path("device_authorization_endpoint")?,
        introspect: path("introspection_endpoint")?,
        userinfo: path("userinfo_endpoint")?,
        jwks: path("jwks_uri")?,
    })
}
