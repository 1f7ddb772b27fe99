//! What every page of every provider has.

use mapae_simulators::Provider;

use crate::{browser::Browser, scene::Scene};

#[tokio::test]
async fn every_page_says_that_it_is_a_simulation_in_both_languages() {
    for provider in Provider::ALL {
        let scene = Scene::of(*provider).await;
        for (language, word) in [("ko", "시뮬레이션"), ("en", "simulation")] {
            for path in ["/", "/control", "/no/such/page"] {
                let page = Browser::speaking(language).open(&scene.url(path)).await;
                assert!(page.text("#simulation").contains(word), "{provider} {path} {language}");
                assert_eq!(page.values("html", "lang"), [language], "{provider} {path}");
                assert_eq!(page.body.matches("<h1").count(), 1, "{provider} {path}");
                assert!(
                    page.values("[style], script:not([src]), style", "id").is_empty(),
                    "{provider} {path}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_page_has_its_style_and_its_policy() {
    for provider in Provider::ALL {
        let scene = Scene::of(*provider).await;
        let page = Browser::new().open(&scene.url("/")).await;
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
        for address in page.values("link[rel=stylesheet]", "href") {
            let style = Browser::new().open(&scene.url(&address)).await;
            assert_eq!(
                (style.status.as_u16(), &style.headers["content-type"]),
                (200, &"text/css; charset=utf-8".parse().unwrap())
            );
            assert!(style.body.contains(&format!("body.{provider}")));
        }
    }
}

#[tokio::test]
async fn ui_locales_go_before_the_browser_and_korean_is_kakaos_own() {
    let scene = Scene::of(Provider::Kakao).await;
    for (header, parameter, expected) in
        [(None, "", "ko"), (Some("en"), "", "en"), (Some("ko"), "en", "en"), (Some("fr"), "", "ko")]
    {
        let address = scene.address("/oauth/authorize", &[("ui_locales", parameter)]);
        let mut request = scene.http.get(address);
        if let Some(header) = header {
            request = request.header("accept-language", header);
        }
        let body = request.send().await.unwrap().text().await.unwrap();
        assert!(body.contains(&format!("<html lang=\"{expected}\">")), "{header:?} {parameter}");
    }
}

#[tokio::test]
async fn pictures_are_drawn_for_people_only() {
    let scene = Scene::of(Provider::Kakao).await;
    let picture = Browser::new().open(&scene.url("/simulator/picture/ryan/110.svg")).await;
    assert!(picture.body.starts_with("<svg ") && picture.body.contains("라"));
    assert_eq!(Browser::new().open(&scene.url("/simulator/picture/nobody/110.svg")).await.status, 404);
}
