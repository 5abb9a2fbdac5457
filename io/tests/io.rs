//! Tests of the driver with a small machine, over real sockets and files.

mod io {
    mod arms;
    mod conformance;
    mod echo;
    mod locks;
    mod machine;
    mod recording;
    mod traces;
    mod wire;
}
