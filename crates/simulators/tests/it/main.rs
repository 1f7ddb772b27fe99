//! The simulators over real HTTP.
//!
//! `#[cfg(test)]` stands for "everything in here is a test": panicking is how it fails, also in the functions that
//! tests share.

#[cfg(test)]
mod app;
#[cfg(test)]
mod apple;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod control;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod facebook;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod google;
#[cfg(test)]
mod kakao;
#[cfg(test)]
mod listener;
#[cfg(test)]
mod naver;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod scene;
