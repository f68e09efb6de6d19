//! The table that comes with the program.

use super::TokenTable;
use crate::error::Result;

/// Made by `populi distill`; how, and from which texts, its card says.
static TABLE: &[u8] = include_bytes!("../../assets/static.table");

impl TokenTable {
    /// The table that is part of the program: some tens of milliseconds.
    ///
    /// # Errors
    ///
    /// Never, unless the program was built from damaged files.
    pub fn embedded() -> Result<Self> {
        Self::from_static(TABLE)
    }
}
