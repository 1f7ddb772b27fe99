//! One program for all targets of `mapae-fuzz`; `MAPAE_FUZZ_TARGET` says which.

#![no_main]

use std::{env, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use mapae_fuzz::Target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = env::var("MAPAE_FUZZ_TARGET").unwrap_or_default();
    mapae_fuzz::target(&name).expect("MAPAE_FUZZ_TARGET is the name of a target: run `cargo xtask fuzz`")
});

fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));
