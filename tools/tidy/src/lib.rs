//! What the compiler cannot see: layers, purity, lengths, headers
#![forbid(unsafe_code)]
