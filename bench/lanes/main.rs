//! The figures of Kafka in, S3 out, each by a subcommand, with real brokers and a real store.
//!
//! | module | owns |
//! |---|---|
//! | [`cpu`], [`latency`], [`memory`], [`slope`], [`small`] | a figure each |
//! | [`copy`] | the plain copy that `small` is held against |
//! | [`world`] | services, and one measured go after another, each with topics of its own |
//! | [`corpus`], [`tiff`], [`submission`] | what is put in |
//! | [`account`], [`sampler`], [`processes`] | CPU time and memory of a process and its children |
//! | [`arithmetic`], [`machine`], [`report`] | from readings to lines |
//!
//! What runs beside the programs under measurement (brokers, store, this program) runs on the same
//! cores and is not counted; times on the clock include it. So figures are ratios of two goes in
//! one run, or memory, which nothing beside them changes.
//!
//! An error of a service ends the measurement: functions panic, the folder with all logs is kept
//! and named, and the exit status says so.

#![expect(clippy::unwrap_used, reason = "an unexpected error is the end of a measurement")]

mod account;
mod arguments;
mod arithmetic;
mod copy;
mod corpus;
mod cpu;
mod latency;
mod machine;
mod memory;
mod processes;
mod report;
mod sampler;
mod slope;
mod small;
mod submission;
mod tiff;
mod world;

use clap::Parser as _;

use crate::arguments::{Arguments, Figure};

fn main() {
    match Arguments::parse().figure {
        Figure::Cpu(options) => cpu::measure(&options),
        Figure::Latency(options) => latency::measure(&options),
        Figure::Memory(options) => memory::measure(&options),
        Figure::Slope(options) => slope::measure(&options),
        Figure::Small(options) => small::measure(&options),
        Figure::Copy(order) => copy::run(&order),
    }
}
