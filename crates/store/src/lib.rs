//! The embedded store: one append-only journal file in a data directory.
//!
//! All state fits in memory, so a database's indexes and pages would never be read: what is kept
//! is the sequence of commits, one line each (`<crc32> <json>`), readable with any pager. A line
//! is handed to the operating system with a single write before the commit is answered, so that
//! it outlives the process whatever happens to it. When the file has grown to a multiple of what
//! is alive, it is replaced by a single record of the whole universe, written beside it and moved
//! into place.
//!
//! A line that was cut off by the end of the process was never acknowledged and is dropped. Any
//! other damage is an error that says where; the store never starts afresh by itself.

use kernel::{Journal, JournalError, Record};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The layout of the file; another number is another program's.
const SCHEMA: u32 = 1;
const FILE: &str = "journal.log";
const NEW_FILE: &str = "journal.new";
const LOCK: &str = "lock";
/// The file may grow to this many bytes before it is worth replacing.
const ROOM: u64 = 16 << 20;
/// And to this many times the size of the last whole record.
const GROWTH: u64 = 4;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another server has it.
    #[error(
        "the data directory {} is in use by another lowcloud{}; stop that one or choose another \
         --data-dir", dir.display(), holder(*pid)
    )]
    Locked {
        /// The directory.
        dir: PathBuf,
        /// The other's process id, if it says.
        pid: Option<u32>,
    },
    /// The file is damaged.
    #[error(
        "the store {} is damaged at line {line} (byte {offset}): {what}. Nothing was changed. \
         Restore it from a backup, or move it away to start afresh", file.display()
    )]
    Damaged {
        /// The journal.
        file: PathBuf,
        /// From 1.
        line: u64,
        /// Where the line begins.
        offset: u64,
        /// What is wrong with it.
        what: String,
    },
    /// Another version's file.
    #[error(
        "the store {} has schema {found}, this version of lowcloud reads schema {SCHEMA}",
        file.display()
    )]
    Schema {
        /// The journal.
        file: PathBuf,
        /// Its schema.
        found: u32,
    },
    /// The system says no.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or(String::new(), |pid| format!(" (process {pid})"))
}

#[derive(Serialize, Deserialize)]
struct Header {
    lowcloud: String,
    schema: u32,
}

/// An open data directory.
#[derive(Debug)]
pub struct FileStore {
    dir: PathBuf,
    file: File,
    /// Bytes in the file.
    size: u64,
    /// Bytes in it after the last whole record.
    base: u64,
    /// Held for as long as the store is open.
    _lock: File,
}

impl FileStore {
    /// Opens a data directory, making it if needed, and reads what it holds: the records in
    /// order, none if it is new.
    ///
    /// # Errors
    ///
    /// When it is in use, damaged, of another schema, or cannot be read or written.
    pub fn open(dir: &Path) -> Result<(Self, Vec<Record>), StoreError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Io { path, source }
        };
        fs::create_dir_all(dir).map_err(at(dir))?;
        let lock = lock(dir)?;
        let path = dir.join(FILE);
        let _ = fs::remove_file(dir.join(NEW_FILE));
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(at(&path))?;
        let (records, base, size) = read(&mut file, &path)?;
        file.set_len(size).map_err(at(&path))?;
        file.seek(SeekFrom::Start(size)).map_err(at(&path))?;
        let mut store = Self { dir: dir.to_owned(), file, size, base, _lock: lock };
        if size == 0 {
            let header = header();
            store.write(&header).map_err(at(&path))?;
        }
        Ok((store, records))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // Half a line must not stay before the next one.
            self.file.set_len(self.size)?;
            self.file.seek(SeekFrom::Start(self.size))?;
            return Err(error);
        }
        self.size += bytes.len() as u64;
        Ok(())
    }

    fn replace(&mut self, record: &Record) -> io::Result<()> {
        let new = self.dir.join(NEW_FILE);
        let mut bytes = header();
        bytes.extend_from_slice(&line(record)?);
        let mut file = File::create(&new)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&new, self.dir.join(FILE))?;
        self.file = file;
        self.size = bytes.len() as u64;
        self.base = self.size;
        Ok(())
    }
}

impl Journal for FileStore {
    fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        let write = line(record).and_then(|bytes| self.write(&bytes));
        write.map_err(|error| JournalError(error.to_string()))
    }

    fn wants_checkpoint(&self) -> bool {
        self.size > ROOM && self.size > self.base.saturating_mul(GROWTH)
    }

    fn checkpoint(&mut self, record: &Record) -> Result<(), JournalError> {
        self.replace(record).map_err(|error| JournalError(error.to_string()))
    }
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join(LOCK);
    let at = |source| StoreError::Io { path: path.clone(), source };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(at)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            return Err(StoreError::Locked { dir: dir.to_owned(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(at(error)),
    }
    file.set_len(0).map_err(at)?;
    writeln!(file, "{}", std::process::id()).map_err(at)?;
    Ok(file)
}

fn header() -> Vec<u8> {
    let header = Header { lowcloud: "journal".to_owned(), schema: SCHEMA };
    frame(&serde_json::to_vec(&header).expect("a header is JSON"))
}

fn line(record: &Record) -> io::Result<Vec<u8>> {
    Ok(frame(&serde_json::to_vec(record)?))
}

fn frame(json: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(json.len() + 10);
    bytes.extend_from_slice(format!("{:08x} ", crc32fast::hash(json)).as_bytes());
    bytes.extend_from_slice(json);
    bytes.push(b'\n');
    bytes
}

/// The records, the number of bytes up to the end of the last whole record, and that of all
/// complete lines.
fn read(file: &mut File, path: &Path) -> Result<(Vec<Record>, u64, u64), StoreError> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut records: Vec<Record> = Vec::new();
    let (mut offset, mut base, mut number) = (0_u64, 0_u64, 0_u64);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = reader
            .read_until(b'\n', &mut bytes)
            .map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
        if read == 0 || bytes.last() != Some(&b'\n') {
            return Ok((records, base, offset));
        }
        number += 1;
        let damaged = |what: String| StoreError::Damaged {
            file: path.to_owned(),
            line: number,
            offset,
            what,
        };
        let json = check(&bytes).map_err(damaged)?;
        if number == 1 {
            let header: Header =
                serde_json::from_slice(json).map_err(|error| damaged(error.to_string()))?;
            if header.schema != SCHEMA || header.lowcloud != "journal" {
                return Err(StoreError::Schema { file: path.to_owned(), found: header.schema });
            }
        } else {
            let record: Record =
                serde_json::from_slice(json).map_err(|error| damaged(error.to_string()))?;
            let gap = records.last().is_some_and(|last| {
                record.sequence != last.sequence && record.sequence != last.sequence + 1
            });
            if gap {
                return Err(damaged("a commit is missing before it".to_owned()));
            }
            records.push(record);
        }
        offset += read as u64;
        if number <= 2 {
            base = offset;
        }
    }
}

fn check(line: &[u8]) -> Result<&[u8], String> {
    let text = line.get(..8).and_then(|sum| std::str::from_utf8(sum).ok());
    let sum = text.and_then(|text| u32::from_str_radix(text, 16).ok());
    let json = line.get(9..line.len() - 1);
    match (sum, line.get(8), json) {
        (Some(sum), Some(b' '), Some(json)) if crc32fast::hash(json) == sum => Ok(json),
        (Some(_), Some(b' '), Some(_)) => Err("its check sum is wrong".to_owned()),
        _ => Err("it is no line of a journal".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Clock, ClockMode, Timestamp, Wall};

    fn record(sequence: u64) -> Record {
        Record {
            sequence,
            now: Timestamp(sequence as i64),
            clock: Clock::new(ClockMode::Paused, Wall(0)),
            seed: 1,
            partitions: Vec::new(),
            rows: Vec::new(),
            tasks: Vec::new(),
            faults: None,
        }
    }

    fn filled(dir: &Path, commits: u64) {
        let (mut store, records) = FileStore::open(dir).expect("opens");
        assert!(records.is_empty());
        (1..=commits).for_each(|n| store.append(&record(n)).expect("appends"));
    }

    fn sequences(records: &[Record]) -> Vec<u64> {
        records.iter().map(|r| r.sequence).collect()
    }

    #[test]
    fn what_was_appended_is_there_again() {
        let dir = tempfile::tempdir().expect("a directory");
        filled(dir.path(), 3);
        let (mut store, records) = FileStore::open(dir.path()).expect("opens");
        assert_eq!(sequences(&records), [1, 2, 3]);
        store.checkpoint(&record(3)).expect("replaces");
        store.append(&record(4)).expect("appends");
        drop(store);
        let (_, records) = FileStore::open(dir.path()).expect("opens");
        assert_eq!(sequences(&records), [3, 4]);
    }

    #[test]
    fn a_line_cut_off_anywhere_is_dropped_and_the_rest_stays() {
        let dir = tempfile::tempdir().expect("a directory");
        filled(dir.path(), 2);
        let path = dir.path().join(FILE);
        let whole = fs::read(&path).expect("reads");
        let last = line(&record(2)).expect("a line").len();
        for cut in 1..last {
            fs::write(&path, &whole[..whole.len() - cut]).expect("writes");
            let (mut store, records) = FileStore::open(dir.path()).expect("opens");
            assert_eq!(sequences(&records), [1], "cut by {cut}");
            store.append(&record(2)).expect("appends");
            drop(store);
            assert_eq!(fs::read(&path).expect("reads"), whole);
        }
    }

    #[test]
    fn damage_is_told_and_nothing_is_changed() {
        let dir = tempfile::tempdir().expect("a directory");
        filled(dir.path(), 3);
        let path = dir.path().join(FILE);
        let whole = fs::read(&path).expect("reads");
        for at in [0, 5, 20, whole.len() / 2, whole.len() - 5] {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x15;
            fs::write(&path, &bytes).expect("writes");
            let error = FileStore::open(dir.path()).expect_err("it is damaged");
            assert!(
                matches!(error, StoreError::Damaged { .. } | StoreError::Schema { .. }),
                "{error}"
            );
            assert_eq!(fs::read(&path).expect("reads"), bytes);
        }
    }

    #[test]
    fn two_servers_cannot_share_a_directory() {
        let dir = tempfile::tempdir().expect("a directory");
        let (_store, _) = FileStore::open(dir.path()).expect("opens");
        let error = FileStore::open(dir.path()).expect_err("it is locked").to_string();
        assert!(error.contains("is in use by another lowcloud"), "{error}");
        assert!(error.contains(&std::process::id().to_string()), "{error}");
    }

    #[test]
    fn another_schema_is_refused_by_name() {
        let dir = tempfile::tempdir().expect("a directory");
        filled(dir.path(), 0);
        let header = frame(br#"{"lowcloud":"journal","schema":99}"#);
        fs::write(dir.path().join(FILE), header).expect("writes");
        let error = FileStore::open(dir.path()).expect_err("it is another schema").to_string();
        assert!(error.contains("has schema 99"), "{error}");
    }
}
