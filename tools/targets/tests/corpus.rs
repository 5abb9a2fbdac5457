//! What a fuzzer found worth keeping, given again.

use std::fs;

use ottla_targets::{TARGETS, Target, unhex};

#[test]
fn every_input_that_was_kept_passes() {
    for target in TARGETS {
        let text = fs::read_to_string(target.corpus()).expect("every target has a corpus");
        let mut count = 0;
        for line in text.lines() {
            target.check(&unhex(line).expect("hexadecimal"));
            count += 1;
        }
        println!("{}: {count} inputs", target.name);
        assert!(count > 0, "{}", target.name);
    }
}

/// Inputs that failed once: these are never minimised away.
#[test]
fn what_failed_once_passes() {
    let lines = include_str!("../corpus/found.txt").lines();
    let mut count = 0;
    for (name, input) in lines.filter_map(|line| line.split_once(' ')) {
        let target = Target::named(name).expect("a target");
        target.check(&unhex(input).expect("hexadecimal"));
        count += 1;
    }
    assert!(count > 0);
}
