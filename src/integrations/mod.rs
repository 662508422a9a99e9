//! The outside services: one client each.

pub mod comfyui;
pub mod gemini;
