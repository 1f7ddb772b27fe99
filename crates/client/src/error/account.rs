//! What was not done with an account, in the words of people.

use mapae_protocol::locale::Locale;

use super::Explanation;
use crate::{linking::Rule, sign_in_methods::AccountError};

/// A title and what to do.
type Words = (&'static str, &'static str);

pub(super) const fn explain(error: AccountError, language: Locale) -> Explanation {
    let (korean, english) = texts(error);
    let (title, advice) = match language {
        Locale::Ko => korean,
        Locale::En => english,
    };
    Explanation { title, advice }
}

const NOTHING_TO_ADD: (Words, Words) = (
    (
        "추가하려던 로그인 방법이 더 이상 없습니다.",
        "시간이 지났거나 다른 창에서 바뀌었습니다. 로그인 방법 추가를 다시 시작해 주세요.",
    ),
    (
        "The way to sign in that was to be added is gone.",
        "It took too long, or another window changed it. Please start again to add it.",
    ),
);

const fn texts(error: AccountError) -> (Words, Words) {
    match error {
        AccountError::NotSignedIn => (
            ("로그인이 필요합니다.", "로그인한 뒤 다시 시도해 주세요."),
            ("Please sign in.", "Sign in, and try again."),
        ),
        AccountError::NotFresh => (
            ("본인 확인이 필요합니다.", "로그인 방법을 바꾸려면 먼저 한 번 더 로그인해 주세요."),
            ("Please confirm that it is you.", "To change how you sign in, first sign in once more."),
        ),
        AccountError::LastMethod => (
            ("마지막 로그인 방법은 삭제할 수 없습니다.", "다른 로그인 방법을 먼저 추가해 주세요."),
            ("The last way to sign in cannot be removed.", "Add another way to sign in first."),
        ),
        AccountError::UnknownMethod => (
            ("이 로그인 방법을 찾을 수 없습니다.", "이미 삭제되었을 수 있습니다. 목록을 다시 확인해 주세요."),
            (
                "There is no such way to sign in.",
                "It may have been removed already. Please look at the list again.",
            ),
        ),
        AccountError::AnotherSession => (
            ("로그인 상태가 바뀌었습니다.", "처음부터 다시 시도해 주세요. 바뀐 것은 없습니다."),
            ("You are no longer signed in as before.", "Please start again. Nothing was changed."),
        ),
        AccountError::AnotherAccount => (
            (
                "지금 로그인한 계정이 아닙니다.",
                "지금 쓰고 있는 계정으로 본인 확인을 해 주세요. 바뀐 것은 없습니다.",
            ),
            (
                "That is not the account that is signed in.",
                "Please confirm with the account that you are using now. Nothing was changed.",
            ),
        ),
        AccountError::UnknownTerm => (
            ("이 약관은 철회할 수 없습니다.", "필수 약관은 회원 탈퇴로만 철회할 수 있습니다."),
            (
                "This agreement cannot be withdrawn.",
                "Required terms end with the account. Optional ones are in the list.",
            ),
        ),
        AccountError::NothingToAdd => NOTHING_TO_ADD,
        AccountError::OtherApp => (
            (
                "이 로그인이 새로 설정되어 예전 계정을 알아볼 수 없습니다.",
                "다른 로그인 방법을 쓰거나 서비스 운영자에게 문의해 주세요.",
            ),
            (
                "This way to sign in was set up anew and does not know your account any more.",
                "Sign in another way, or contact the service's operator.",
            ),
        ),
        AccountError::Refused(rule) => refused(rule),
    }
}

const fn refused(rule: Rule) -> (Words, Words) {
    match rule {
        Rule::BelongsToAnother => (
            (
                "이미 다른 계정에 연결되어 있습니다.",
                "그 계정으로 로그인해 연결을 끊은 뒤 다시 시도해 주세요.",
            ),
            (
                "This is connected to another account already.",
                "Sign in to that account, remove it there, and try again.",
            ),
        ),
        Rule::AccountClosed => (
            ("이용이 정지된 계정입니다.", "서비스 운영자에게 문의해 주세요."),
            ("This account is closed.", "Please contact the service's operator."),
        ),
        Rule::ConnectNeedsFreshSignIn => texts(AccountError::NotFresh),
        Rule::ConnectWithoutSession => texts(AccountError::AnotherSession),
        _ => (
            ("계정을 연결하지 않았습니다.", "연결하려는 계정의 로그인 방법으로 다시 시도해 주세요."),
            (
                "The accounts were not connected.",
                "Please try again with a way to sign in of the account that you want to connect.",
            ),
        ),
    }
}
