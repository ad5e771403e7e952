//! What the system tells of itself and of processes. Only Linux tells; elsewhere there is nothing to show.

use std::fs;
use std::thread::available_parallelism;
use std::time::Duration;

/// Linux counts CPU time in hundredths of a second, whatever its own clock is.
const TICK: Duration = Duration::from_millis(10);

/// Its cores, its processor and its memory, and how busy it is: a figure says little without them.
pub(crate) fn description() -> String {
    let cores = available_parallelism().map_or(0, usize::from);
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown memory".to_owned());
    format!(
        "{cores} cores ({processor}), {memory}; load average {}",
        load_average()
    )
}

/// How many processes wanted to run in the last 1, 5 and 15 minutes.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<&str> = text.split_whitespace().take(3).collect();
    if averages.is_empty() {
        "unknown".to_owned()
    } else {
        averages.join(" ")
    }
}

/// The most memory that a process held until now, in bytes.
pub(crate) fn peak_memory(process: u32) -> Option<u64> {
    let text = field(&format!("/proc/{process}/status"), "VmHWM")?;
    let kilobytes: u64 = text.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

/// CPU time that a process took until now.
pub(crate) fn cpu_time(process: u32) -> Option<Duration> {
    Stat::of(process).map(|stat| stat.own)
}

/// CPU time that a process and its children took until now, those included that ended.
pub(crate) fn cpu_time_of_family(parent: u32) -> Option<Duration> {
    let stat = Stat::of(parent)?;
    let processes = fs::read_dir("/proc").ok()?.filter_map(Result::ok);
    let children = processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(Stat::of)
        .filter(|child| child.parent == parent)
        .map(|child| child.own);
    Some(stat.own + stat.ended_children + children.sum::<Duration>())
}

struct Stat {
    parent: u32,
    own: Duration,
    ended_children: Duration,
}

impl Stat {
    /// The fields of proc(5), of which the second, a name in parentheses, may hold anything.
    fn of(process: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |number: usize| fields.get(number)?.parse::<u32>().ok();
        Some(Self {
            parent: ticks(1)?,
            own: TICK * ticks(11)?.saturating_add(ticks(12)?),
            ended_children: TICK * ticks(13)?.saturating_add(ticks(14)?),
        })
    }
}

/// What stands after a name and a colon.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let (_, value) = line.split_once(':')?;
    Some(value.trim().to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process;

    use super::*;

    #[test]
    fn this_process_takes_memory_and_time() {
        let own = process::id();
        assert!(peak_memory(own).unwrap() > 1_000_000);
        let before = cpu_time(own).unwrap();
        let mut sum = 0_u64;
        while cpu_time(own).unwrap() < before + 2 * TICK {
            sum = sum.wrapping_add(1);
        }
        assert!(cpu_time_of_family(own).unwrap() >= before + 2 * TICK, "{sum}");
        assert!(description().contains("load average"));
    }
}
