//! What a service answers beside AWS's operations: for the control API (`/_lowcloud/…`) and for
//! other services. JSON in, JSON out.

use crate::clock::Wall;
use crate::cloud::{Cloud, unavailable};
use crate::settle;
use crate::universe::Universe;
use crate::{Caller, Snapshot, Tx};
use model::ApiError;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a control's handler works.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    Read(fn(&Snapshot, &Caller, &Value) -> Result<Value, ApiError>),
    Write(fn(&mut Tx, &Caller, &Value) -> Result<Value, ApiError>),
}

/// A question or command that AWS has no call for.
///
/// - `read`: `GET /_lowcloud/<name>?key=value&…`; the query's pairs are the members of the request.
/// - `write`: `POST /_lowcloud/<name>` with a JSON body.
/// - `internal`: for [`Tx::control`] only: what AWS's services tell each other behind the scenes.
#[derive(Clone, Copy)]
pub struct Control {
    pub(crate) name: &'static str,
    pub(crate) handler: Handler,
    pub(crate) internal: bool,
}

impl Control {
    /// A question.
    pub const fn read(
        name: &'static str,
        answer: fn(&Snapshot, &Caller, &Value) -> Result<Value, ApiError>,
    ) -> Self {
        Self { name, handler: Handler::Read(answer), internal: false }
    }

    /// A command.
    pub const fn write(
        name: &'static str,
        answer: fn(&mut Tx, &Caller, &Value) -> Result<Value, ApiError>,
    ) -> Self {
        Self { name, handler: Handler::Write(answer), internal: false }
    }

    /// A command that only services give.
    pub const fn internal(
        name: &'static str,
        answer: fn(&mut Tx, &Caller, &Value) -> Result<Value, ApiError>,
    ) -> Self {
        Self { name, handler: Handler::Write(answer), internal: true }
    }

    /// Its name, which is its path below `/_lowcloud/`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it is asked by GET.
    pub fn is_read(&self) -> bool {
        matches!(self.handler, Handler::Read(_))
    }

    /// Whether only services may use it.
    pub fn is_internal(&self) -> bool {
        self.internal
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Cloud {
    /// Answers a control, as [`Cloud::invoke`] answers an operation.
    pub fn control(
        &self,
        wall: Wall,
        control: &Control,
        caller: &Caller,
        request: &Value,
    ) -> Result<Value, ApiError> {
        let answer = match control.handler {
            Handler::Read(answer) => {
                let snapshot = self.snapshot(wall, caller)?;
                return guarded(control, || answer(&snapshot, caller, request));
            }
            Handler::Write(answer) => answer,
        };
        let mut writer = self.writer();
        let (now, partitions) = self.enter(&mut writer, wall, caller)?;
        let universe = self.published.load_full();
        let mut tx = Tx::new(Snapshot { universe: Universe::clone(&universe), partitions, now });
        let output = match guarded(control, || answer(&mut tx, caller, request)) {
            Ok(output) => output,
            Err(error) => {
                self.spend_faults(&mut writer, tx.faults).map_err(|error| unavailable(&error))?;
                return Err(error);
            }
        };
        self.commit(&mut writer, &universe, tx).map_err(|error| unavailable(&error))?;
        settle::run(self, &mut writer, now).map_err(|error| unavailable(&error))?;
        Ok(output)
    }

    /// The control of this name, also if only services and the shell may use it.
    pub fn internal_control(&self, name: &str) -> Option<&'static Control> {
        let controls = &self.registry.controls;
        controls.get(&(name, false)).or_else(|| controls.get(&(name, true))).copied()
    }

    /// The controls that a client may use, by name.
    pub fn controls(&self) -> impl Iterator<Item = &'static Control> {
        self.registry.controls.values().copied().filter(|control| !control.internal)
    }
}

/// Runs a handler; a panic in it is a bug and must not reach the client.
fn guarded(
    control: &Control,
    run: impl FnOnce() -> Result<Value, ApiError>,
) -> Result<Value, ApiError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        tracing::error!(control = control.name, "a control panicked");
        Err(ApiError::internal())
    })
}
