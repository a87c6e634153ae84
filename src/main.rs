use std::process::ExitCode;

fn main() -> ExitCode {
    avar::cli::run()
}
