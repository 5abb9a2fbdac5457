//! `cargo run -p ottla-generator`: writes the generated files anew.
#![forbid(unsafe_code)]

use ottla_generator::{Generated, generate, read_specs, workspace};

fn main() -> std::io::Result<()> {
    let root = workspace();
    let files = generate(&read_specs(&root)?)?;
    for line in Generated::write_all(&files, &root)? {
        println!("{line}");
    }
    println!("{} files are as the specs say", files.len());
    Ok(())
}
