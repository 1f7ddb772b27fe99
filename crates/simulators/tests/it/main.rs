//! The simulators over real HTTP.

mod app;
mod apple;
mod browser;
mod control;
mod facebook;
mod foreign;
mod google;
mod kakao;
mod listener;
mod naver;
mod pages;
mod readme;
mod scene;
