//! Large contents of objects: files that come in and go out as streams.
//!
//! A file is complete before the operation that refers to it is carried out, and has been handed
//! to the operating system as the journal's lines are: what was acknowledged survives the
//! process. Files to which no row refers are swept away a while later, so that whoever is still
//! reading one is not cut off.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use kernel::Cloud;
use model::Piece;
use smol_str::{SmolStr, format_smolstr};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::sync::Notify;

/// The table whose keys name the blobs that are wanted.
const TABLE: &str = "s3.blobs";
/// How long a file that nobody wants is left to its readers.
const GRACE: Duration = Duration::from_secs(60);
/// Between two looks while there are such files.
const PAUSE: Duration = Duration::from_secs(20);
/// Bytes read at a time.
const CHUNK: usize = 128 * 1_024;

/// Where files are.
#[derive(Debug)]
enum Place {
    /// Nowhere yet: a temporary folder is made for the first file.
    Nowhere,
    Temporary(TempDir),
    Kept(PathBuf),
}

#[derive(Debug)]
struct State {
    place: Place,
    /// Files that are being written, or whose operation has not been carried out yet.
    busy: BTreeSet<SmolStr>,
    /// Files that nobody wants, and since when.
    unwanted: BTreeMap<SmolStr, Instant>,
}

/// The store.
#[derive(Debug)]
pub(crate) struct Blobs {
    state: Mutex<State>,
    /// Tells apart the files of this run; the run's beginning tells apart those of others.
    next: AtomicU64,
    run: u128,
    look: Notify,
}

impl Blobs {
    /// A store in this folder, which is made when it is needed; without one, in a temporary
    /// folder that goes with the process.
    pub(crate) fn new(dir: Option<PathBuf>) -> Arc<Self> {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let place = dir.map_or(Place::Nowhere, Place::Kept);
        let state = State { place, busy: BTreeSet::new(), unwanted: BTreeMap::new() };
        Arc::new(Self {
            state: Mutex::new(state),
            next: AtomicU64::new(0),
            run: since.unwrap_or_default().as_nanos(),
            look: Notify::new(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder, if there is one by now.
    fn dir(&self) -> Option<PathBuf> {
        match &self.state().place {
            Place::Nowhere => None,
            Place::Temporary(dir) => Some(dir.path().to_owned()),
            Place::Kept(dir) => Some(dir.clone()),
        }
    }

    fn make_dir(&self) -> io::Result<PathBuf> {
        let mut state = self.state();
        if let Place::Nowhere = state.place {
            let dir = tempfile::Builder::new().prefix("lowcloud-blobs-").tempdir()?;
            state.place = Place::Temporary(dir);
        }
        match &state.place {
            Place::Temporary(dir) => Ok(dir.path().to_owned()),
            Place::Kept(dir) => std::fs::create_dir_all(dir).map(|()| dir.clone()),
            Place::Nowhere => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Begins a new file.
    pub(crate) async fn create(self: &Arc<Self>) -> io::Result<Incoming> {
        let dir = self.make_dir()?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = format_smolstr!("{:x}-{number:x}", self.run);
        let path = dir.join(&*id);
        self.state().busy.insert(id.clone());
        let claim = Claim { blobs: self.clone(), id, path: path.clone(), kept: false };
        let file = File::options().write(true).create_new(true).open(&path).await?;
        Ok(Incoming { file, claim, length: 0 })
    }

    /// Opens a file at an offset.
    fn open(&self, id: &str, offset: u64) -> io::Result<File> {
        // Ids come from rows; one that leads out of the folder is none of ours.
        let dir = self.dir().filter(|_| is_id(id)).ok_or(io::ErrorKind::NotFound)?;
        let mut file = std::fs::File::open(dir.join(id))?;
        file.seek(SeekFrom::Start(offset))?;
        let mut file = File::from_std(file);
        file.set_max_buf_size(CHUNK);
        Ok(file)
    }

    /// Says that rows may have changed.
    pub(crate) fn poke(&self) {
        self.look.notify_one();
    }

    /// Sweeps whenever there is a reason to. Runs as long as the server; an idle store costs
    /// nothing.
    pub(crate) async fn run(self: Arc<Self>, cloud: Arc<Cloud>) {
        // Nobody reads what was left over by an earlier run.
        self.sweep(&cloud, Duration::ZERO);
        loop {
            self.look.notified().await;
            while self.sweep(&cloud, GRACE) {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Deletes the files that nobody has wanted for `grace`; says whether some are left.
    fn sweep(&self, cloud: &Cloud, grace: Duration) -> bool {
        let Some(dir) = self.dir() else { return false };
        let Ok(files) = std::fs::read_dir(&dir) else { return false };
        let names: Vec<SmolStr> =
            files.filter_map(|file| Some(SmolStr::new(file.ok()?.file_name().to_str()?))).collect();
        // Rows are looked at after the busy files are known: what is not busy any more then has
        // its row, or never gets one.
        let busy = self.state().busy.clone();
        let wanted = cloud.keys_of(TABLE);
        let now = Instant::now();
        let mut state = self.state();
        let before = std::mem::take(&mut state.unwanted);
        for name in names {
            if busy.contains(&name) || state.busy.contains(&name) || wanted.contains(&name) {
                continue;
            }
            let since = before.get(&name).copied().unwrap_or(now);
            if now.duration_since(since) >= grace {
                remove(&dir.join(&*name));
            } else {
                state.unwanted.insert(name, since);
            }
        }
        !state.unwanted.is_empty()
    }
}

/// Whether a file's name is one that this store gives.
fn is_id(name: &str) -> bool {
    name.contains('-') && name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(%error, path = %path.display(), "a blob could not be deleted");
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct Incoming {
    file: File,
    claim: Claim,
    length: u64,
}

impl Incoming {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        self.file.write_all(bytes).await
    }

    /// The piece that was written, and the claim that keeps its file.
    pub(crate) async fn finish(mut self) -> io::Result<(Piece, Claim)> {
        self.file.flush().await?;
        let piece = Piece::Blob { id: self.claim.id.clone(), offset: 0, length: self.length };
        Ok((piece, self.claim))
    }
}

/// Holds a file until its operation has been carried out; unless it is then kept, it is deleted.
#[derive(Debug)]
pub(crate) struct Claim {
    blobs: Arc<Blobs>,
    id: SmolStr,
    path: PathBuf,
    kept: bool,
}

impl Claim {
    /// The operation succeeded: rows say from now on whether the file is wanted.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.blobs.state().busy.remove(&self.id);
        if !self.kept && self.path.exists() {
            remove(&self.path);
        }
    }
}

/// Pieces on their way out.
#[derive(Debug)]
pub(crate) struct Outgoing {
    blobs: Arc<Blobs>,
    pieces: VecDeque<Piece>,
    /// The file of the first piece, when it is open.
    file: Option<File>,
    buffer: Box<[u8]>,
}

impl Outgoing {
    pub(crate) fn new(blobs: Arc<Blobs>, pieces: &[Piece]) -> Self {
        let buffer = vec![0; CHUNK].into_boxed_slice();
        Self { blobs, pieces: pieces.iter().cloned().collect(), file: None, buffer }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        let (id, offset, left) = match this.pieces.front_mut() {
            None => return Poll::Ready(None),
            Some(Piece::Memory(bytes)) => {
                let bytes = std::mem::take(bytes);
                this.pieces.pop_front();
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            Some(Piece::Blob { id, offset, length }) => (id, offset, length),
        };
        let file = match &mut this.file {
            Some(file) => file,
            closed => closed.insert(this.blobs.open(id, *offset)?),
        };
        let most = this.buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
        let mut buffer = ReadBuf::new(&mut this.buffer[..most]);
        ready!(Pin::new(file).poll_read(context, &mut buffer))?;
        let read = Bytes::copy_from_slice(buffer.filled());
        if read.is_empty() && *left > 0 {
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        *left -= read.len() as u64;
        *offset += read.len() as u64;
        if *left == 0 {
            this.pieces.pop_front();
            this.file = None;
        }
        Poll::Ready(Some(Ok(Frame::data(read))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.pieces.iter().map(Piece::len).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use kernel::{Clock, ClockMode, MemoryJournal, Settings, Wall, Wiring};

    fn files(dir: &Path) -> usize {
        std::fs::read_dir(dir).map_or(0, Iterator::count)
    }

    #[tokio::test]
    async fn what_was_written_is_read_in_pieces() {
        let dir = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::new(Some(dir.path().to_owned()));
        let content: Vec<u8> = (0..300_000_u32).map(|n| n as u8).collect();
        let mut file = blobs.create().await.expect("a file");
        for part in content.chunks(70_000) {
            file.write(part).await.expect("written");
        }
        let (piece, claim) = file.finish().await.expect("flushed");
        claim.keep();
        let Piece::Blob { id, length, .. } = piece else { panic!("a blob") };
        assert_eq!(length, 300_000);
        let pieces = [
            Piece::Blob { id: id.clone(), offset: 200_000, length: 100_000 },
            Piece::Memory(Bytes::from_static(b"middle")),
            Piece::Blob { id, offset: 0, length: 5 },
        ];
        let body = Outgoing::new(blobs, &pieces);
        assert_eq!(body.size_hint().exact(), Some(100_011));
        let read = body.collect().await.expect("readable").to_bytes();
        assert_eq!(&read[..100_000], &content[200_000..]);
        assert_eq!(&read[100_000..], b"middle\x00\x01\x02\x03\x04");
    }

    #[tokio::test]
    async fn only_kept_and_wanted_files_stay() {
        let dir = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::new(Some(dir.path().to_owned()));
        let clock = Clock::new(ClockMode::Paused, Wall(0));
        let wiring = Wiring::default();
        let cloud = Cloud::new(&wiring, Settings::default(), clock, Box::new(MemoryJournal));
        let cloud = cloud.expect("memory never fails");
        drop(blobs.create().await.expect("a file"));
        assert_eq!(files(dir.path()), 0, "an upload that was cut off leaves nothing");
        let (_, claim) = blobs.create().await.expect("a file").finish().await.expect("flushed");
        assert!(!blobs.sweep(&cloud, Duration::ZERO));
        assert_eq!(files(dir.path()), 1, "a file is safe until its operation is carried out");
        claim.keep();
        assert!(blobs.sweep(&cloud, GRACE));
        assert_eq!(files(dir.path()), 1, "readers have time to finish");
        blobs.sweep(&cloud, Duration::ZERO);
        assert_eq!(files(dir.path()), 0, "no row wants it");
    }

    #[test]
    fn names_that_lead_elsewhere_are_not_opened() {
        let blobs = Blobs::new(Some("/".into()));
        let error = blobs.open("../etc/hostname", 0).expect_err("not ours");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
