//! Transcripts: what members ask, what they are told.
