//! What CONTRACT.md says of connections and ranges.
