//! The simulators over real HTTP.

mod browser;
mod control;
mod kakao;
mod listener;
mod pages;
mod scene;
