//! The simulators are as strict as what they simulate.

mod comfyui;
mod instagram;
mod x;
