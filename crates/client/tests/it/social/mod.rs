//! Providers as data, against the simulators: over HTTP, with the pages that a person would see there.

mod apple;
mod deleting;
mod intents;
mod kakao;
mod matrix;
mod notices;
mod others;
mod proving;
mod scene;
