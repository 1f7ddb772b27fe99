//! Every outcome of a login at every simulated provider: one test for each cell, over HTTP, in Korean and English.

mod cells;
mod visit;

/// How the providers differ, as far as the cells must know.
struct Facts {
    /// The definition.
    id: &'static str,
    /// Somebody there who has everything.
    name: &'static str,
    /// Where codes and refresh tokens are redeemed.
    token_path: &'static str,
    refusing: Refusing,
    /// After how many seconds a token is due.
    due: i64,
    /// By which notice it tells that somebody has unlinked us.
    notice: &'static str,
}

/// What a person can keep to themselves.
enum Refusing {
    /// The address; then they can be asked again for the item of this name.
    Item(&'static str),
    /// A scope beyond name and address, which are agreed to together with the sign-in.
    Scope(&'static str),
    /// The real address, in whose place comes another.
    Relay(&'static str),
}

const KAKAO: Facts = Facts {
    id: "kakao",
    name: "ryan",
    token_path: "/oauth/token",
    refusing: Refusing::Item("account_email"),
    due: 86_400,
    notice: "unlink",
};

const NAVER: Facts = Facts {
    id: "naver",
    name: "yuna",
    token_path: "/oauth2.0/token",
    refusing: Refusing::Item("email"),
    due: 3_601,
    notice: "disconnect",
};

const GOOGLE: Facts = Facts {
    id: "google",
    name: "jiwoo",
    token_path: "/token",
    refusing: Refusing::Scope("https://www.googleapis.com/auth/calendar.readonly"),
    due: 3_601,
    notice: "risc",
};

const FACEBOOK: Facts = Facts {
    id: "facebook",
    name: "sora",
    token_path: "/v*",
    refusing: Refusing::Item("email"),
    // Two months, and it is exchanged while it lives.
    due: 58 * 86_400,
    notice: "deauthorize",
};

const APPLE: Facts = Facts {
    id: "apple",
    name: "haru",
    token_path: "/auth/token",
    refusing: Refusing::Relay("email_choice=hide"),
    // Once a day is what Apple wants.
    due: 28 * 3_600,
    notice: "notifications",
};

macro_rules! matrix {
    ($($provider:ident: $facts:ident),+ $(,)?) => {
        $(mod $provider {
            use super::{cells, $facts as FACTS};

            #[tokio::test]
            async fn first_login_meets_the_sign_up_step() {
                cells::first_login(&FACTS).await;
            }

            #[tokio::test]
            async fn second_login_is_straight_in() {
                cells::second_login(&FACTS).await;
            }

            #[tokio::test]
            async fn a_refused_item_is_no_obstacle() {
                cells::refused_item(&FACTS).await;
            }

            #[tokio::test]
            async fn cancelled() {
                cells::cancelled(&FACTS).await;
            }

            #[tokio::test]
            async fn an_expired_code() {
                cells::expired_code(&FACTS).await;
            }

            #[tokio::test]
            async fn a_wrong_secret() {
                cells::wrong_secret(&FACTS).await;
            }

            #[tokio::test]
            async fn a_wrong_redirect_uri() {
                cells::wrong_redirect_uri(&FACTS).await;
            }

            #[tokio::test]
            async fn rp_18_the_provider_is_down() {
                cells::provider_down(&FACTS).await;
            }

            #[tokio::test]
            async fn a_refresh() {
                cells::refresh(&FACTS).await;
            }

            #[tokio::test]
            async fn rp_23_a_dead_refresh_means_signing_in_again() {
                cells::dead_refresh(&FACTS).await;
            }

            #[tokio::test]
            async fn unlinked_from_our_side() {
                cells::unlinked_by_us(&FACTS).await;
            }

            #[tokio::test]
            async fn lk_12_unlinked_from_their_side() {
                cells::unlinked_by_them(&FACTS).await;
            }
        })+
    };
}

matrix! { kakao: KAKAO, naver: NAVER, google: GOOGLE, facebook: FACEBOOK, apple: APPLE }
