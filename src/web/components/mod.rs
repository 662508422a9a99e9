//! Parts that more than one page shows.

pub mod captions;
pub mod icon;
pub mod job;
pub mod page;
pub mod parts;
pub mod password;
pub mod picture;
pub mod post;
pub mod preview;
pub mod proposal;
pub mod publish;
pub mod sure;
pub mod zones;
