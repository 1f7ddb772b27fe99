//! Login with a provider in a real browser, where its rules about cookies decide.

mod apple;
mod before;
mod broker;
mod languages;
