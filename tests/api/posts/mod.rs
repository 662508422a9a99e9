//! Posts: what goes out, what does not, and that nothing goes out twice.

mod bucket;
mod codes;
mod doubt;
mod matrix;
mod mouths;
mod out;
mod pictures;
mod refused;
mod soak;
mod tokens;
mod waiting;
