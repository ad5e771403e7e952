//! The commands of docs/OPERATIONS.md, run as they stand there.

use std::env;
use std::fs;
use std::process::Command;
use std::time::Duration;

use recoup_test_support::{
    Cluster, Durability, Process, binary, free_port, repository, scratch_folder, wait_until,
};

use crate::world::World;

const LIMIT: Duration = Duration::from_secs(300);
/// What the manual writes for things that every machine has elsewhere.
const DATABASE: &str = "postgres://recoup@localhost/recoup";
const RESTORED: &str = "postgres://recoup@localhost/restored";
const READER: &str = "postgres://recoup_reader@localhost/recoup";
const CONTRACT: &str = "ST000000000000000000002AMW42H.recoup-core";
/// Languages of blocks that are read and not run.
const DATA: [&str; 3] = ["toml", "yaml", "text"];

/// The blocks of a chapter that are to be run. Every other one must say why it is not.
fn commands(manual: &str, chapter: &str) -> Vec<String> {
    let start = format!("## {chapter}\n");
    let (_, rest) = manual.split_once(&start).unwrap();
    let text = rest.split("\n## ").next().unwrap_or(rest);
    let mut commands = Vec::new();
    for (number, block) in text.split("```").enumerate() {
        if number % 2 == 0 {
            continue;
        }
        let (kind, body) = block.split_once('\n').unwrap();
        match kind {
            "sh" => commands.push(body.to_owned()),
            "sh not-run" => assert!(body.starts_with("# not run: "), "without a reason:\n{body}"),
            data => assert!(DATA.contains(&data), "`{data}` is neither run nor data:\n{body}"),
        }
    }
    assert!(!commands.is_empty(), "nothing to run in {chapter}");
    commands
}

#[test]
fn the_indexers_chapter_works_as_written() {
    assert!(
        Command::new("curl").arg("--version").output().is_ok(),
        "the manual's commands need curl"
    );
    let manual = fs::read_to_string(repository().join("docs/OPERATIONS.md")).unwrap();
    let commands = commands(&manual, "The indexer");
    let mut world = World::with_contracts();
    let port = |url: &str| url.rsplit(':').next().unwrap().to_owned();
    let api_port = port(world.scene.indexer().unwrap().base());
    let observer_port = world.scene.indexer_options().observer_port.to_string();
    world.scene.kill_indexer();

    let cluster = Cluster::start(Durability::Process).unwrap();
    let url = cluster.url("recoup");
    let folder = scratch_folder("manual").unwrap();
    let mut script = String::from("trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n");
    for (number, block) in commands.iter().enumerate() {
        script.push_str(&format!("echo \"--- block {number}\"\n{block}"));
    }
    let here = |port: &str| format!("127.0.0.1:{port}");
    let free = || here(&free_port().unwrap().to_string());
    for (written, real) in [
        (DATABASE, url.clone()),
        (RESTORED, cluster.url("restored")),
        (READER, url.replace("user=recoup", "user=recoup_reader")),
        (CONTRACT, world.scene.contract().to_string()),
        ("127.0.0.1:3700", here(&observer_port)),
        ("127.0.0.1:3780", here(&api_port)),
        ("127.0.0.1:20443", here(&port(world.scene.chain().url()))),
        ("127.0.0.1:3701", free()),
        ("127.0.0.1:3781", free()),
        ("127.0.0.1:3782", free()),
    ] {
        assert!(script.contains(written), "the manual no longer says {written}");
        script = script.replace(written, &real);
    }
    let program = binary("recoup-indexer", "recoup-indexer").unwrap();
    let mut path = vec![
        program.parent().unwrap().to_owned(),
        cluster.programs().to_owned(),
    ];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let socket = url
        .split("host=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", env::join_paths(path).unwrap())
        .env("PGHOST", socket)
        .env("PGPORT", "5432")
        .env("PGUSER", "recoup");
    let mut process = Process::spawn("the manual's commands", shell, folder, "TERM").unwrap();
    let ended = wait_until("the end of the manual", LIMIT, || process.exit_status());
    let said = format!(
        "{}\n{}",
        process.stdout().unwrap(),
        process.failure("the end of its log")
    );
    assert!(
        ended.as_ref().is_ok_and(|status| status.success()),
        "{ended:?}\n{said}"
    );
    assert!(
        said.contains(&format!("--- block {}", commands.len() - 1)),
        "{said}"
    );
}
