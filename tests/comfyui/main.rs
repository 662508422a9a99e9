//! The ComfyUI client against a simulated server that speaks as recorded.

mod catalogue;
mod drawing;
mod stage;
mod trouble;
