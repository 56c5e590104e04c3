//! The one error type that a client ever sees.

use smol_str::SmolStr;
use std::fmt;

/// Whose mistake it was; the query protocol says so in `<Type>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request was at fault (`Sender`).
    Client,
    /// The service was at fault (`Receiver`).
    Server,
}

/// An error as AWS words it: code, text and HTTP status belong together and are made by one
/// constructor in the owning service's `errors.rs`. `wire` renders it per protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The code on the wire, for example `ValidationError` or `InvalidInstanceID.NotFound`.
    pub code: SmolStr,
    /// The text for the client. May be empty: some of AWS's errors have none.
    pub message: String,
    /// HTTP status.
    pub status: u16,
    /// Whose fault it is.
    pub fault: Fault,
    /// Further members of the error's shape, in order (S3's `BucketName`, …).
    pub extra: Vec<(&'static str, String)>,
}

impl ApiError {
    /// A client error with HTTP status 400.
    pub fn new(code: impl Into<SmolStr>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status: 400,
            fault: Fault::Client,
            extra: Vec::new(),
        }
    }

    /// The same error with another HTTP status; 5xx makes it the server's fault.
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self.fault = if status >= 500 { Fault::Server } else { Fault::Client };
        self
    }

    /// The same error with one more member.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.extra.push((name, value.into()));
        self
    }

    /// What a bug answers: HTTP 500 `InternalFailure`.
    pub fn internal() -> Self {
        Self::new(
            "InternalFailure",
            "The request processing has failed because of an unknown error, exception or failure.",
        )
        .with_status(500)
    }

    /// What an operation that AWS has and lowcloud lacks answers: HTTP 501, naming it.
    pub fn not_implemented(what: impl fmt::Display) -> Self {
        Self::new("NotImplemented", format!("lowcloud does not implement {what} yet."))
            .with_status(501)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}
