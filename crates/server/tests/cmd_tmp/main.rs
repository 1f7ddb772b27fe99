//! Temporary.
#[cfg(test)]
#[path = "../it/commands/mod.rs"]
mod commands;
#[cfg(test)]
mod store {
    #[path = "../../it/store/beneath.rs"]
    pub(crate) mod beneath;
}
