//! Opens a page in the browser of this machine.

use std::process::{Command, Stdio};

/// Opens a URL in the browser, if there is a display. A machine without a browser is no error.
pub fn open_in_browser(url: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let has_display = cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if has_display {
        let mut command = Command::new(program);
        command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = command.spawn().map(|mut child| std::thread::spawn(move || child.wait()));
    }
}
