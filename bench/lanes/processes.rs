//! What the system says of processes (`/proc/PID/stat`).

use std::fs;

/// Clock ticks in a second, as the kernel shows times to programs: 100 on all that we run on.
const TICKS: f64 = 100.0;

/// One process at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stat {
    pub(crate) pid: u32,
    /// The program's file, or its first fifteen bytes.
    pub(crate) name: String,
    /// `Z` for one that has ended and was not waited for.
    pub(crate) state: char,
    pub(crate) parent: u32,
    /// CPU seconds of its own threads, those that have ended among them.
    pub(crate) own: f64,
    /// CPU seconds of the children that it has waited for, and of theirs.
    pub(crate) children: f64,
}

impl Stat {
    /// A process; none when there is none of that number.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// All processes that are there while it looks.
    pub(crate) fn all() -> Vec<Self> {
        let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter_map(Self::of).collect()
    }

    /// `1 (name) S 0 …`; the name may hold spaces and brackets itself.
    fn parse(stat: &str) -> Option<Self> {
        let (before, after) = stat.rsplit_once(')')?;
        let (pid, name) = before.split_once(" (")?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let seconds = |at: usize| Some(fields.get(at)?.parse::<f64>().ok()? / TICKS);
        Some(Self {
            pid: pid.parse().ok()?,
            name: name.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            own: seconds(11)? + seconds(12)?,
            children: seconds(13)? + seconds(14)?,
        })
    }
}

/// A process and all that descend from it.
pub(crate) fn family(of: u32) -> Vec<u32> {
    descend(of, &Stat::all())
}

fn descend(of: u32, all: &[Stat]) -> Vec<u32> {
    let mut family = vec![of];
    let mut at = 0;
    while at < family.len() {
        let parent = family[at];
        family.extend(all.iter().filter(|stat| stat.parent == parent).map(|stat| stat.pid));
        at += 1;
    }
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_is_a_name() {
        let line = "42 (a) b (c) Z 7 42 42 0 -1 4 1 2 3 4 150 50 2500 100 20 0 9 0 12 0 0";
        let stat = Stat::parse(line).unwrap();
        assert_eq!(
            (stat.pid, stat.name.as_str(), stat.state, stat.parent),
            (42, "a) b (c", 'Z', 7)
        );
        assert_eq!((stat.own, stat.children), (2.0, 26.0));
    }

    #[test]
    fn a_family_has_all_generations_and_nobody_else() {
        let stat = |pid, parent| Stat {
            pid,
            name: String::new(),
            state: 'S',
            parent,
            own: 0.0,
            children: 0.0,
        };
        let all = [stat(1, 0), stat(2, 1), stat(5, 3), stat(3, 2), stat(4, 2), stat(9, 1)];
        assert_eq!(descend(2, &all), [2, 3, 4, 5]);
    }
}
