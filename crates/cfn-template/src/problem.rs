//! What can be wrong with a template, a parameter or a property, in AWS's own words.

use std::fmt;

/// A place in the template's text. Lines and columns count from one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

/// The kind of a [`Problem`]; it decides the error code on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// AWS refuses the template (`ValidationError`).
    Validation,
    /// AWS accepts this part of the language and this crate does not yet.
    NotImplemented {
        /// The feature, such as `Transform AWS::Serverless-2016-10-31`.
        what: String,
    },
}

impl Code {
    /// The error code as CloudFormation's API spells it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Code::Validation => "ValidationError",
            Code::NotImplemented { .. } => "NotImplemented",
        }
    }
}

/// One thing that is wrong: AWS's text, and where in the template it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem it is.
    pub code: Code,
    /// The exact text that AWS answers.
    pub message: String,
    /// Where in the text, when the problem has a place.
    pub position: Option<Position>,
    /// The JSON pointer into the template, such as `/Resources/Vpc/Properties`; may be empty.
    pub path: String,
}

impl Problem {
    /// A problem that AWS answers with `ValidationError`.
    pub fn validation(message: impl Into<String>) -> Problem {
        Problem {
            code: Code::Validation,
            message: message.into(),
            position: None,
            path: String::new(),
        }
    }

    /// A part of the language that is refused because it is not built.
    pub fn not_implemented(what: impl Into<String>) -> Problem {
        let what = what.into();
        Problem {
            message: format!("{what} is not implemented by lowcloud"),
            code: Code::NotImplemented { what },
            position: None,
            path: String::new(),
        }
    }

    /// The same problem with a place; an earlier, more exact place is kept.
    #[must_use]
    pub fn at(mut self, position: Position) -> Problem {
        self.position.get_or_insert(position);
        self
    }

    /// The same problem with a path; an earlier, more exact path is kept.
    #[must_use]
    pub fn in_path(mut self, path: impl Into<String>) -> Problem {
        if self.path.is_empty() {
            self.path = path.into();
        }
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_wins() {
        let inner = Position { line: 3, column: 4 };
        let problem =
            Problem::validation("x").at(inner).at(Position::default()).in_path("/a").in_path("/b");
        assert_eq!((problem.position, problem.path.as_str()), (Some(inner), "/a"));
    }
}
