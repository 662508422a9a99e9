//! Digital Dalla.
