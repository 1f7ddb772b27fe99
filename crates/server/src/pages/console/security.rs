//! How an app that keeps a secret proves itself, and how its tokens behave.

/// The form `security`: `auth_method`, and of an app that signs people in `pkce` and `refresh_tokens`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Security {
    /// The only way in which it may send its secret; `None`: any.
    pub auth_method: Option<String>,
    /// It must use PKCE.
    pub pkce_required: bool,
    /// Each refresh brings a new refresh token.
    pub rotate_refresh: bool,
    /// It sends people here, and so has codes and refresh tokens.
    pub signs_people_in: bool,
}

impl Security {
    /// Whether this is the chosen method.
    pub(in crate::pages) fn sends_by(&self, method: &str) -> bool {
        self.auth_method.as_deref().unwrap_or("any") == method
    }
}
