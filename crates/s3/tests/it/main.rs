//! Scenarios of S3: typed calls on a manual clock. Stored bodies are only named here; reading
//! and writing their files is the shell's business and is tested there.

mod buckets;
mod harness;
mod integrity;
mod lists;
mod objects;
mod uploads;
