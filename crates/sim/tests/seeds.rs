//! A few hundred seeds at every run of the tests; `cargo run --release -p sim` plays more.

#[test]
fn histories_hold_whatever_happens() {
    let problems: Vec<String> = (0..200).filter_map(|seed| sim::run(seed).err()).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
