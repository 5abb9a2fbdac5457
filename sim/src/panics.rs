//! A panic of the machine is a finding, not the end of the simulator: what it said, and where.

use std::any::Any;
use std::cell::RefCell;
use std::panic;

thread_local! {
    static WHERE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on panics are silent, and their place is remembered until somebody asks for it. Only for whole programs.
pub fn listen() {
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|at| format!("{}:{}", at.file(), at.line()));
        WHERE.with(|known| *known.borrow_mut() = place);
    }));
}

/// What it said, and where, if somebody listened.
pub fn words(payload: &(dyn Any + Send)) -> String {
    let said = if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "without words".to_owned()
    };
    match WHERE.with(|known| known.borrow_mut().take()) {
        Some(place) => format!("{said} ({place})"),
        None => said,
    }
}
