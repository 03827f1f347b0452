//! What a flow asks of the allocator, and what a grant keeps of it.

use std::process::Command;

use stats_alloc::{Region, StatsAlloc};

use crate::house::House;
use crate::measure::Each;
use crate::meter::Meter;
use crate::side::Side;
use crate::sides::{Codegrant, OauthAs, OxideAuth};

pub type Allocator = StatsAlloc<std::alloc::System>;

/// How often memory is allocated or enlarged.
pub struct Allocations(pub &'static Allocator);

impl Meter for Allocations {
    fn read<T>(&self, work: impl FnOnce() -> T) -> (T, f64) {
        let region = Region::new(self.0);
        let output = work();
        let change = region.change();
        (output, (change.allocations + change.reallocations) as f64)
    }
}

/// What a grant takes.
#[derive(Clone, Copy)]
pub struct Bytes {
    /// Asked of the allocator and not given back.
    pub allocated: f64,
    /// Held by the process, by the kernel's account.
    pub resident: f64,
}

/// Each side in a process of its own, so that none finds what another left.
pub fn bytes_a_grant(live: usize) -> Each<Bytes> {
    [Codegrant::NAME, OxideAuth::NAME, OauthAs::NAME].map(|side| {
        let program = std::env::current_exe().unwrap();
        let output = Command::new(program).args(["--side", side, &live.to_string()]).output();
        let output = String::from_utf8(output.unwrap().stdout).unwrap();
        let (allocated, resident) = output.trim().split_once(' ').unwrap();
        Bytes { allocated: allocated.parse().unwrap(), resident: resident.parse().unwrap() }
    })
}

/// In such a process: fills a house and prints both figures.
pub fn print_bytes_of(side: &str, live: usize, allocator: &Allocator) {
    let bytes = match side {
        Codegrant::NAME => fill::<Codegrant>(live, allocator),
        OxideAuth::NAME => fill::<OxideAuth>(live, allocator),
        OauthAs::NAME => fill::<OauthAs>(live, allocator),
        _ => panic!("no side is called {side}"),
    };
    println!("{} {}", bytes.allocated, bytes.resident);
}

fn fill<S: Side>(live: usize, allocator: &Allocator) -> Bytes {
    let mut house = House::<S>::empty(live);
    house.add();
    let (region, resident) = (Region::new(allocator), resident_bytes());
    for _ in 1..live {
        house.add();
    }
    let change = region.change();
    let allocated = change.bytes_allocated - change.bytes_deallocated;
    let resident = resident_bytes() - resident;
    Bytes { allocated: allocated as f64 / live as f64, resident: resident as f64 / live as f64 }
}

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
