//! Makes the tables in `data/` from JSON files: `cargo run -p catalogue --example reduce -- DIR`.
//!
//! DIR holds the eight files that `data/README.md` describes, as `NAME.json` or `NAME.json.zst`.
//! The same input gives the same bytes.

mod images;
mod places;
mod types;

use std::{env, error::Error, fs, path::Path};

use serde::Serialize;
use serde_json::Value;

const LEVEL: i32 = 19;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let from = env::args_os().nth(1).ok_or("usage: reduce DIR")?;
    let from = Path::new(&from);
    let to = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");

    let offerings = read(from, "ec2-instance-type-offerings-by-az")?;
    let places = places::reduce(
        &read(from, "regions")?,
        &read(from, "az-ids-seen")?,
        &read(from, "partitions")?,
        &offerings,
    );
    let records = read(from, "ec2-instance-types")?;
    let types = types::reduce(&records, &offerings, &places);
    let families = types::records(&records, LEVEL)?;
    let images = images::reduce(
        &read(from, "ec2-latest-amis")?,
        &read(from, "ec2-extra-amis")?,
        &read(from, "ssm-ami-amazon-linux-latest")?,
        &places,
    );

    write(&to, "regions.bin", &places)?;
    write(&to, "types.bin", &types)?;
    write(&to, "images.bin", &images)?;
    let borrowed = catalogue::stored::Records {
        families: families.iter().map(|(name, frame)| (name.as_str(), frame.as_slice())).collect(),
    };
    fs::write(to.join("records.bin"), postcard::to_stdvec(&borrowed)?)?;
    println!(
        "{} regions, {} types, {} offering sets, {} image kinds",
        places.regions.len(),
        types.types.len(),
        types.sets.len(),
        images.kinds.len()
    );
    Ok(())
}

fn read(from: &Path, name: &str) -> Outcome<Value> {
    let plain = from.join(format!("{name}.json"));
    let bytes = if plain.exists() {
        fs::read(plain)?
    } else {
        zstd::decode_all(fs::File::open(from.join(format!("{name}.json.zst")))?)?
    };
    Ok(serde_json::from_slice(&bytes)?)
}

fn write<T: Serialize>(to: &Path, name: &str, table: &T) -> Outcome<()> {
    let bytes = zstd::encode_all(postcard::to_stdvec(table)?.as_slice(), LEVEL)?;
    println!("{name}: {} bytes", bytes.len());
    Ok(fs::write(to.join(name), bytes)?)
}

/// A member that must be a text.
fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{member} is a text in {value}"))
}

/// The members of an object, sorted by name.
fn members(value: &Value) -> Vec<(&str, &Value)> {
    let mut all: Vec<_> =
        value.as_object().into_iter().flatten().map(|(k, v)| (k.as_str(), v)).collect();
    all.sort_by_key(|(name, _)| *name);
    all
}

/// The texts of a list.
fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
