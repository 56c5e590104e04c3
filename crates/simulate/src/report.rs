//! Reports in the forms that people and programs read.

mod csv;
mod html;
mod json;
mod terminal;

pub use csv::csv;
pub use html::html;
pub use json::json;
pub use terminal::summary;
