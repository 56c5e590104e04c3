//! The deterministic universe: `(state, request or due task, now, seed) → (new state, answer)`.
//!
//! A service declares [`Row`]s, operations and tasks ([`resource!`]); [`Wiring`] puts services
//! together; [`Cloud`] runs them: reads on an immutable [`Snapshot`], writes and due tasks inside
//! a [`Tx`] that commits as a whole. Everything that follows from a commit — the journal, wake-ups
//! of reconcilers — is derived from its change set. There is no I/O here, and no time or chance
//! but what the shell hands in: see the invariants in ARCHITECTURE.md.

mod access_keys;
mod arn;
mod caller;
mod clock;
mod cloud;
mod control;
mod digests;
mod documents;
mod faults;
mod filters;
mod ids;
mod journal;
mod metrics;
mod operation;
mod pace;
mod pagination;
mod rng;
mod row;
mod settle;
mod snapshot;
mod table;
mod tags;
mod timeline;
mod tx;
mod universe;
mod wiring;

pub use access_keys::{account_of_access_key, account_of_temporary_key, temporary_access_key};
pub use arn::{Arn, dns_suffix, partition_of};
pub use caller::Caller;
pub use clock::{Clock, ClockMode, Wall};
pub use cloud::{Cloud, CloudStatus};
pub use control::Control;
pub use digests::{Checksum, Hasher, checksum_of_parts};
pub use documents::{from_document, input_from_document, to_document};
pub use faults::{FailedCheck, FaultKind, FaultPlan, FaultRule, FaultSubject};
pub use filters::{FilterRow, Filters, glob_matches};
pub use ids::{is_resource_id, random_uuid};
pub use journal::{Journal, JournalError, MemoryJournal, Record, RowChange, TaskChange};
pub use metrics::{Dimensions, MetricName, MetricQuery, MetricSource, Sample};
pub use model::{
    ApiError, Body, Digests, Document, Fault, Operation, Piece, StoredBody, Timestamp, Value,
};
pub use operation::{AnyOutput, OperationRow, Read, Write};
pub use pace::{Pace, Wait};
pub use pagination::{Page, PageError, paginate};
pub use rng::Rng;
pub use row::{IndexSink, Row, Scope};
pub use settle::Settled;
pub use snapshot::Snapshot;
pub use table::TableDef;
pub use tags::Tags;
pub use timeline::{TaskDef, TaskHandler};
pub use tx::Tx;
pub use universe::{Settings, Universe};
pub use wiring::{Resource, Service, Wake, Wiring};
