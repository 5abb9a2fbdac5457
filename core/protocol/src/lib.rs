//! Kafka's wire codec: headers, API keys, error codes, messages, and the records on disk
#![forbid(unsafe_code)]
