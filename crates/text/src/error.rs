//! What can go wrong in this room: only parameters and lists; any text is fine.

/// An error of this room.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is outside its range.
    #[error("{name} is {got}, but must be {expected}; set it to a value in that range")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// What was given.
        got: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// A list of keywords cannot be read.
    #[error("{}{reason}", place(.line))]
    KeywordList {
        /// The line, from 1; 0 where it is the whole list.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

/// The result of this room's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;

fn place(line: &usize) -> String {
    if *line > 0 { format!("line {line}: ") } else { String::new() }
}
