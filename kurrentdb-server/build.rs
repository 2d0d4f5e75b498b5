//! Makes Rust of the protocol's messages, with no compiler but Cargo's own dependencies.

use std::error::Error;

const FILES: [&str; 3] = ["gossip.proto", "serverfeatures.proto", "streams.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(FILES, ["proto"])?;
    tonic_build::configure()
        .build_client(false)
        .build_transport(false)
        .emit_rerun_if_changed(false)
        .compile_fds(files)?;
    Ok(())
}
