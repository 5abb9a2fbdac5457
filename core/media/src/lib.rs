//! One pure disk: page cache apart from media
#![forbid(unsafe_code)]
