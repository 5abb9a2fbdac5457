//! This node's copy of one partition and its role
#![forbid(unsafe_code)]
