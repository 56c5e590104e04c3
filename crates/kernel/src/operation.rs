//! Operations as rows of a table: name, handler, and whether it may write.

use crate::{Caller, Snapshot, Tx};
use model::{ApiError, Input, Operation, Output, Value};
use std::any::Any;

/// An answer whose type is forgotten.
pub trait AnyOutput: Output + Any + Send {
    /// For callers inside the house, who know the type.
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Output + Any + Send> AnyOutput for T {
    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

type Answer = Result<Box<dyn AnyOutput>, ApiError>;

/// An operation that a service has registered.
pub trait OperationRow: Sync {
    /// The service's name, as in the model.
    fn service(&self) -> &'static str;
    /// The operation's name, as AWS spells it.
    fn name(&self) -> &'static str;
    /// Whether it only reads.
    fn is_read(&self) -> bool;
    /// Turns a checked request into the operation's input type.
    fn decode(&self, value: Value) -> Box<dyn Any + Send>;
    /// Runs a read-only operation.
    fn read(&self, snapshot: &Snapshot, caller: &Caller, input: Box<dyn Any + Send>) -> Answer;
    /// Runs the operation in a transaction.
    fn write(&self, tx: &mut Tx, caller: &Caller, input: Box<dyn Any + Send>) -> Answer;
}

/// A read-only operation and its handler.
pub struct Read<O: Operation>(pub fn(&Snapshot, &Caller, O::Input) -> Result<O::Output, ApiError>);

/// An operation that may write, and its handler.
pub struct Write<O: Operation>(pub fn(&mut Tx, &Caller, O::Input) -> Result<O::Output, ApiError>);

fn typed<O: Operation>(input: Box<dyn Any + Send>) -> O::Input {
    *input.downcast().expect("the input was made by this operation's decode or by a typed call")
}

impl<O: Operation> OperationRow for Read<O> {
    fn service(&self) -> &'static str {
        O::SERVICE
    }

    fn name(&self) -> &'static str {
        O::NAME
    }

    fn is_read(&self) -> bool {
        true
    }

    fn decode(&self, value: Value) -> Box<dyn Any + Send> {
        Box::new(O::Input::from_value(value))
    }

    fn read(&self, snapshot: &Snapshot, caller: &Caller, input: Box<dyn Any + Send>) -> Answer {
        Ok(Box::new((self.0)(snapshot, caller, typed::<O>(input))?))
    }

    fn write(&self, tx: &mut Tx, caller: &Caller, input: Box<dyn Any + Send>) -> Answer {
        self.read(tx, caller, input)
    }
}

impl<O: Operation> OperationRow for Write<O> {
    fn service(&self) -> &'static str {
        O::SERVICE
    }

    fn name(&self) -> &'static str {
        O::NAME
    }

    fn is_read(&self) -> bool {
        false
    }

    fn decode(&self, value: Value) -> Box<dyn Any + Send> {
        Box::new(O::Input::from_value(value))
    }

    fn read(&self, _: &Snapshot, _: &Caller, _: Box<dyn Any + Send>) -> Answer {
        unreachable!("{} writes and is given a transaction", O::NAME)
    }

    fn write(&self, tx: &mut Tx, caller: &Caller, input: Box<dyn Any + Send>) -> Answer {
        Ok(Box::new((self.0)(tx, caller, typed::<O>(input))?))
    }
}

impl std::fmt::Debug for dyn OperationRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.service(), self.name())
    }
}
