//! What the browser may do on a page: Content Security Policy Level 3.

/// Where the forms of a page may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FormTarget {
    /// This server only.
    #[default]
    OwnOrigin,
    /// This server, and an app, and wherever that sends the browser on: browsers apply `form-action` to each redirect that
    /// follows a form, also to those of the app, which nobody here knows.
    App,
}

impl FormTarget {
    /// The page's `Content-Security-Policy`: nothing inline, nothing from elsewhere but what it frames, in nobody's frame.
    pub fn policy(self, framed: &[String]) -> String {
        let frames =
            if framed.is_empty() { String::new() } else { format!("; frame-src {}", framed.join(" ")) };
        let form_action = match self {
            Self::OwnOrigin => "; form-action 'self'",
            Self::App => "",
        };
        format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'{form_action}{frames}; \
             base-uri 'none'; frame-ancestors 'none'"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CSP3 §6.4.1.
    #[test]
    fn az_20_a_form_that_ends_at_an_app_may_go_on_and_every_other_stays_here() {
        assert!(FormTarget::OwnOrigin.policy(&[]).contains("; form-action 'self';"));
        assert!(!FormTarget::App.policy(&[]).contains("form-action"));
        for target in [FormTarget::OwnOrigin, FormTarget::App] {
            let policy = target.policy(&["https://a.example/out".to_owned()]);
            assert!(policy.starts_with("default-src 'none'; "), "{policy}");
            assert!(policy.contains("; script-src 'self'; "), "{policy}");
            assert!(
                policy
                    .ends_with("; frame-src https://a.example/out; base-uri 'none'; frame-ancestors 'none'")
            );
        }
    }
}
