//! Every script that was ever saved for a bug is run again: the bug stays mended.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use ottla_sim::text;
use ottla_sim::world::World;

#[test]
fn no_saved_script_fails() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the folder of scripts") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a script is text");
        let script = text::parse(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let report = World::new(Arc::new(script), false).run();
        assert_eq!(report.failure, None, "{}", path.display());
        assert!(report.counts.steps > 0, "{}", path.display());
        count += 1;
    }
    assert!(count > 0, "there are scripts in {}", folder.display());
}
