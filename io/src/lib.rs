//! The real world: sockets, files, clocks, lanes
#![forbid(unsafe_code)]
