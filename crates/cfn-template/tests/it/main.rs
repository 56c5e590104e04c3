//! Tests of the template language from outside: fixtures that read as documentation, and input
//! that wishes us ill.

mod fixtures;
mod hostile;
