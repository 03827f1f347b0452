//! A guide: one page a task, each read in minutes, with code that compiles.
//!
//! | you want to | read |
//! | --- | --- |
//! | see the whole flow work | [`first_flow`] |
//! | sign users in your own way | [`login`] |
//! | ask them what they allow | [`consent`] |
//! | keep what must not be lost | [`stores`] |
//! | run it for others | [`production`] |
//! | serve single-page and native apps | [`apps`] |
//! | protect an API | [`resource_servers`] |
//! | know what it defends against, and what you must | [`threats`] |
//! | find out why something was refused | [`troubleshooting`] |
//! | come from `oxide-auth` | [`from_oxide_auth`] |

pub mod first_flow {
    #![doc = include_str!("first_flow.md")]
}

pub mod login {
    #![doc = include_str!("login.md")]
}

pub mod consent {
    #![doc = include_str!("consent.md")]
}

pub mod stores {
    #![doc = include_str!("stores.md")]
}

pub mod production {
    #![doc = include_str!("production.md")]
}

pub mod apps {
    #![doc = include_str!("apps.md")]
}

pub mod resource_servers {
    #![doc = include_str!("resource_servers.md")]
}

pub mod threats {
    #![doc = include_str!("threats.md")]
}

pub mod troubleshooting {
    #![doc = include_str!("troubleshooting.md")]
}

pub mod from_oxide_auth {
    #![doc = include_str!("from_oxide_auth.md")]
}
