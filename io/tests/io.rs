//! Tests of the driver with a small machine, over real sockets and files.

mod io {
    mod echo;
    mod machine;
    mod traces;
}
