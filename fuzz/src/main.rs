//! One of the targets of `tools/targets`, named by `OTTLA_TARGET`, under libFuzzer; its options are libFuzzer's own. Started by
//! `scripts/fuzz`, which also keeps the inputs that were worth it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ottla_targets::Target;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("OTTLA_TARGET").expect("OTTLA_TARGET names a target");
    Target::named(&name).expect("a target of tools/targets")
});

fuzz_target!(|bytes: &[u8]| TARGET.check(bytes));
