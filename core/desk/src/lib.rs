//! The pure half of every driver: merges, attributes, resumes, assembles
#![forbid(unsafe_code)]
