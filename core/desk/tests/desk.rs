//! The desk by transcripts: effects and answers in, calls and events out, as text.

mod desk {
    mod conns;
    mod files;
    mod names;
    mod script;
}
