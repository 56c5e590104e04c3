//! The scenario that the README plays.

use simulate::{Scenario, play, summary};
use std::path::Path;

#[test]
fn the_readmes_scenario_holds() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/lessons/scale-out-under-load");
    let mut scenario = Scenario::read(&folder.join("scenario.yaml")).expect("a scenario");
    scenario.complete(&folder).expect("a complete one");
    let report = play(&scenario, &lowcloud::wiring(), &mut |_| ()).expect("it can be played");
    assert!(report.holds(), "{:#?}", report.assertions);
    let readme = std::fs::read_to_string(folder.join("../../../README.md")).expect("a README");
    let summary = summary(&report);
    assert!(readme.contains(&summary), "README.md shows something else than:\n{summary}");
}
