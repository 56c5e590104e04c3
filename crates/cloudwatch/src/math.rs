//! Metric math: the language of expressions on metrics ("Using metric math", user guide).
//!
//! `lex` and `parse` make a tree; `eval` computes it over lines of values. Depth and size are
//! bounded: expressions come from clients.

mod eval;
mod functions;
mod lex;
mod parse;
pub(crate) mod search;
mod series;

pub(crate) use eval::{Scope, Value, evaluate};
pub(crate) use parse::{Expression, parse};
