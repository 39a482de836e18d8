//! The corpus of the fuzz targets, once more and without a fuzzer: what it covers panics nowhere.

use std::fs;
use std::path::Path;

#[expect(unreachable_pub, reason = "the targets link it as a library")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

#[track_caller]
fn replay(target: &str, read: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut inputs = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        println!("{}", path.display());
        read(&fs::read(path).unwrap());
        inputs += 1;
    }
    assert!(8 <= inputs, "{target} has a corpus of {inputs}");
}

macro_rules! replay {
    ($($target:ident),* $(,)?) => {$(
        #[test]
        fn $target() {
            replay(stringify!($target), targets::$target);
        }
    )*};
}

replay!(bodies, cursor, events, manifest, object_key);
