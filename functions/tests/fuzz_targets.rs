//! Runs the fuzz targets without a fuzzer: on the kept corpus, and on generated inputs.
//!
//! Generated inputs are changed corpus files and random bytes. The seed is fixed, so each run tests
//! the same inputs. `make fuzz` searches further, guided by coverage.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use fastrand::Rng;

#[expect(unreachable_pub, reason = "the fuzz targets link it as a library")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

const SEED: u64 = 20_200_203;
/// Inputs generated for each target. All targets together take about 3 s on two cores.
const GENERATED_INPUTS: usize = 60_000;
const MIN_CORPUS: usize = 8;
/// The most changes made to one corpus file.
const MAX_CHANGES: usize = 4;
const MAX_RANDOM_BYTES: usize = 200;

/// Runs a target on its corpus and on generated inputs.
fn run_target(name: &str, target: fn(&[u8])) {
    let corpus = read_corpus(name);
    for input in &corpus {
        run_input(target, input);
    }
    let mut rng = Rng::with_seed(SEED);
    for _ in 0..GENERATED_INPUTS {
        run_input(target, &generate_input(&mut rng, &corpus));
    }
}

/// Runs a target on one input. If it panics, prints the input, for a new file of the corpus.
fn run_input(target: fn(&[u8]), input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) {
        eprintln!("the target panicked on this input: b\"{}\"", input.escape_ascii());
        resume_unwind(panic);
    }
}

/// Reads the corpus files of a target, ordered by name.
fn read_corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= MIN_CORPUS, "the corpus of {name} has {} files", files.len());
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Generates random bytes for one input in ten, and a changed corpus file for the others.
fn generate_input(rng: &mut Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    if rng.u8(..10) == 0 {
        let length = rng.usize(..=MAX_RANDOM_BYTES);
        return (0..length).map(|_| rng.u8(..)).collect();
    }
    let mut input = rng.choice(corpus).unwrap().clone();
    for _ in 0..rng.usize(1..=MAX_CHANGES) {
        change_input(rng, &mut input, corpus);
    }
    input
}

/// Makes one change: flips, replaces, inserts, removes or repeats bytes, or splices two files.
fn change_input(rng: &mut Rng, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
    let at = rng.usize(..=input.len());
    let end = rng.usize(at..=input.len());
    match rng.u8(..8) {
        0 => change_byte(input, at, |byte| byte ^ (1 << rng.u8(..8))),
        1 => change_byte(input, at, |_| rng.u8(..)),
        2 => change_byte(input, at, |_| rng.u8(b' '..=b'~')),
        3 => {
            let digit = (at..input.len()).find(|&at| input[at].is_ascii_digit());
            change_byte(input, digit.unwrap_or(at), |_| rng.u8(b'0'..=b'9'));
        }
        4 => input.insert(at, rng.u8(..)),
        5 => drop(input.drain(at..end)),
        6 => {
            let repeated = input[at..end].to_vec();
            input.splice(end..end, repeated);
        }
        _ => {
            let other = rng.choice(corpus).unwrap();
            input.truncate(at);
            input.extend_from_slice(&other[rng.usize(..=other.len())..]);
        }
    }
}

/// Changes the byte at an index, if the input is that long.
fn change_byte(input: &mut [u8], at: usize, change: impl FnOnce(u8) -> u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte = change(*byte);
    }
}

macro_rules! test_targets {
    ($($target:ident),* $(,)?) => {$(
        #[test]
        fn $target() {
            run_target(stringify!($target), targets::$target);
        }
    )*};
}

test_targets!(bodies, cursor, events, manifest, object_key, structure);
