//! The outside services: one client each.

pub mod bucket;
pub mod comfyui;
pub mod gemini;
pub mod http;
pub mod instagram;
pub mod kohya;
pub mod trainer;
pub mod webhook;
pub mod x;
