//! What archives and their nestings give, whole and damaged.

mod cuts;
mod make;
mod nesting;
mod tars;
mod zips;

use make::{damages, lines, read_each};
