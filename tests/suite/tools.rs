//! The commands beside the service: what is exported and imported again is the same, damage is
//! told, and a folder in use is left alone.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use watchglass::clock::SystemClock;
use watchglass::ingest::remote_write;
use watchglass::model::{Clock, Labels, Sample, Span, Timestamp, stale_marker};

use crate::durable::{kept, write};
use crate::program::{Program, command};
use crate::support::{App, NOW, Request, within};

/// When the samples begin that are imported: a week begins a little later.
const START: i64 = 1_700_000_000_000;
/// What `promtool tsdb dump` (Prometheus 2.42) wrote of a block of its own.
const DUMPED: &str = r#"{__name__="orders_total", city="a b", shop="ber\"lin\\n"} 42.5 1700000000123
{__name__="orders_total", city="a b", shop="ber\"lin\\n"} 1e+300 1700000001000
{__name__="orders_total", shop="x"} NaN 1700000000000
{__name__="orders_total", shop="x"} +Inf 1700000001000
{__name__="temp"} -0.1 1700000000000
{__name__="temp"} 1e-09 1700000001000
{__name__="temp"} 1.2345678901234568e+17 1700000002000
"#;

/// Runs a command over the data folder in `folder`, with a retention that keeps everything; gives
/// its code and what it wrote to standard output and error.
fn run(folder: &Path, line: &str) -> (Option<i32>, Vec<u8>, String) {
    let arguments: Vec<&str> = line.split(' ').collect();
    let mut command = command(folder, &arguments);
    let done = command.env("WATCHGLASS__STORAGE__RETENTION__RAW", "100y").output().unwrap();
    (done.status.code(), done.stdout, String::from_utf8(done.stderr).unwrap())
}

/// Runs a command that has to do as told; gives what it wrote to standard output.
fn told(folder: &Path, line: &str) -> Vec<u8> {
    let (code, out, err) = run(folder, line);
    assert_eq!(code, Some(0), "{line}: {err}{}", String::from_utf8_lossy(&out));
    out
}

fn folder_with(name: &str, content: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), content).unwrap();
    folder
}

/// A file of requests with values of all bits, over three weeks, those of a series out of order.
fn requests() -> Vec<u8> {
    let mut file = b"WGRW\r\n\x01\0".to_vec();
    let mut random = 1_u64;
    for series in 0..30 {
        let name = format!("m{}", series % 3);
        let id = series.to_string();
        let pairs = [("__name__", name.as_str()), ("id", &id), ("odd", "a\"\\\né")];
        let labels = Labels::from_pairs(pairs).unwrap();
        let samples = (0..400).map(|_| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
            let at = START + (random >> 33) as i64 % (3 * 7 * 86_400_000);
            let value = match random >> 60 {
                0 => stale_marker(),
                1 => f64::from_bits(0x7ff8_0000_0000_0007),
                2 => f64::NEG_INFINITY,
                3..8 => f64::from_bits(random),
                _ => (random >> 50) as f64 / 100.0,
            };
            Sample::new(Timestamp(at), value)
        });
        let mut request = remote_write::Request::default();
        request.series(&labels, &samples.collect::<Vec<Sample>>());
        let packed = request.take_packed().unwrap();
        file.extend((packed.len() as u32).to_le_bytes());
        file.extend(crc32c::crc32c(&packed).to_le_bytes());
        file.extend(packed);
    }
    file.extend([0; 4]);
    file
}

#[test]
fn what_is_exported_and_imported_again_is_the_same() {
    let first = folder_with("in", requests());
    told(first.path(), "store import in");
    told(first.path(), "store verify");
    for format in ["text", "remote-write"] {
        let export = format!("store export --format {format}");
        let before = told(first.path(), &export);
        assert!(before.len() > 100_000, "{format}: {} bytes", before.len());
        let second = folder_with("in", &before);
        told(second.path(), "store import in");
        told(second.path(), &format!("{export} -o out"));
        assert!(std::fs::read(second.path().join("out")).unwrap() == before, "{format}");
        // A second time nothing changes.
        told(second.path(), "store import in");
        assert!(told(second.path(), &export) == before, "{format}");
    }
    let all = told(first.path(), "store export --format remote-write");
    let whole: usize = all.len();
    let some = told(first.path(), "store export --format remote-write --match m1");
    assert!(some.len() < whole / 2 && some.len() > whole / 4, "{} of {whole}", some.len());
    let none = told(first.path(), "store export --to 1600000000");
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_dump_of_promtool_is_read_and_served() {
    let folder = Arc::new(folder_with("dump", DUMPED));
    told(folder.path(), "store import dump");
    let text = told(folder.path(), "store export --match orders_total{city!=\"\"}");
    let series = r#"orders_total{city="a b", shop="ber\"lin\\n"}"#;
    let expected = format!("{series} 42.5 1700000000123\n{series} 1e+300 1700000001000\n");
    assert_eq!(String::from_utf8(text).unwrap().replace("1e300", "1e+300"), expected);
    std::fs::write(folder.path().join("dashboard.toml"), "[storage.retention]\nraw = \"100y\"\n")
        .unwrap();
    let program = Program::over(folder);
    let path = "/api/v1/query?query=temp&time=1700000002";
    let ask = async {
        loop {
            let answer = Request::get(path).send(program.address).await;
            if answer.status == 200 {
                return answer.json();
            }
        }
    };
    let answer = within("an answer", ask).await;
    assert_eq!(answer["data"]["result"][0]["value"][1], "123456789012345680", "{answer}");
}

#[test]
fn good_lines_are_kept_and_bad_ones_are_named() {
    let mut lines = String::from("# TYPE good counter\n# HELP good Good ones.\n");
    for number in 0..30_000 {
        writeln!(lines, "good{{n=\"{}\"}} {number} {}", number % 7, START + number).unwrap();
    }
    lines.push_str("bad line\ngood 1 99999999999999\nlast 5 1700000000000");
    let folder = folder_with("in", lines);
    let (code, out, err) = run(folder.path(), "store import in");
    let out = String::from_utf8(out).unwrap();
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("refused: number 30003: ") && out.contains("bad line"), "{out}");
    assert!(out.contains("30001 samples were taken"), "{out}");
    assert!(out.contains("1 refused: too far ahead") && err.contains("100 %"), "{out}{err}");
    let text = String::from_utf8(told(folder.path(), "store export")).unwrap();
    assert!(text.starts_with("# HELP good Good ones.\n# TYPE good counter\ngood{n=\"0\"} 0 "));
    assert_eq!(text.lines().count(), 2 + 30_001);
    // With the retention as it is shipped all of it is too old.
    let mut shipped = command(folder.path(), &["store", "import", "in", "--data", "other"]);
    let done = shipped.output().unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    assert!(
        out.starts_with("refused: number 30003") && out.contains("30001 refused: older"),
        "{out}"
    );
    let cut = folder_with("in", requests().split_at(9000).0);
    let (code, out, err) = run(cut.path(), "store import in");
    assert!(code == Some(1) && err.contains("it was cut"), "{err}");
    assert!(String::from_utf8(out).unwrap().contains("samples were taken"));
}

#[test]
fn whatever_byte_is_damaged_verify_names_the_file() {
    let mut lines = String::new();
    for number in 0..500 {
        writeln!(lines, "m{{n=\"{}\"}} {number} {}", number % 3, START + number * 1000).unwrap();
    }
    let folder = folder_with("in", format!("# TYPE m gauge\n{lines}"));
    told(folder.path(), "store import in");
    let out = String::from_utf8(told(folder.path(), "store verify")).unwrap();
    assert_eq!(out, "2 files with 500 samples and 0 rows: all is well\n");
    let blocks = folder.path().join("data/blocks");
    let path = std::fs::read_dir(&blocks).unwrap().next().unwrap().unwrap().path();
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 12) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        std::fs::write(&path, damaged).unwrap();
        let (code, out, err) = run(folder.path(), "store verify");
        let out = String::from_utf8(out).unwrap();
        assert_eq!(code, Some(1), "byte {at}: {out}");
        assert!(out.contains(".block: DAMAGED: ") && err.contains("1 of 2 files"), "{at}: {out}");
    }
    std::fs::write(&path, &whole).unwrap();
    let out = String::from_utf8(told(folder.path(), "store stats")).unwrap();
    let bytes = whole.len();
    let each = format!("{:.2}", bytes as f64 / 500.0);
    let cells = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    let line = |part: &str| cells(out.lines().find(|line| line.starts_with(part)).unwrap());
    let span = "2023-11-14T22:13:20Z 2023-11-14T22:21:39Z";
    assert_eq!(line("raw"), cells(&format!("raw 1 3 500 0 {bytes} {each} {span}")), "{out}");
    assert_eq!(line("minutes"), cells("minutes 0 0 0 0 0 - - -"), "{out}");
    assert_eq!(line("log")[1..5], ["1", "0", "0", "0"], "{out}");
    assert!(out.contains("3 series\n"), "{out}");
}

#[tokio::test]
async fn stats_are_told_by_tier_for_people_and_programs() {
    let mut lines = String::new();
    for number in 0..720 {
        let at = START - 6 * 3_600_000 + number * 15_000;
        writeln!(lines, "m{{n=\"{}\"}} {number} {at}", number % 2).unwrap();
    }
    let folder = Arc::new(folder_with("in", lines));
    told(folder.path(), "store import in --data .");
    let app = App::over(Arc::clone(&folder), NOW, "").await;
    let rolled = async {
        while app.figure("watchglass_store_blocks_rolled_total").await < 4.0 {
            app.step(Span(1000)).await;
        }
    };
    within("rows of minutes and hours", rolled).await;
    within("the end", app.end()).await.unwrap().unwrap();
    std::fs::write(folder.path().join("blocks/00000000000000ff.block.damaged"), "odd").unwrap();
    let json = told(folder.path(), "store stats --json --data .");
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let part = |name: &str| {
        let part = &json["parts"][name];
        ["files", "series", "samples", "rows"].map(|key| part[key].as_u64().unwrap())
    };
    let [_, series, samples, rows] = part("raw");
    assert_eq!((series, samples, rows), (2, 720, 0), "{json}");
    let [files, series, samples, rows] = part("minutes");
    assert_eq!((series, samples, rows), (2, 0, 361), "{json}");
    assert!(files > 0 && part("hours")[3] == 8, "{json}");
    assert_eq!(json["parts"]["raw"]["from"], START - 6 * 3_600_000, "{json}");
    assert_eq!(part("set_aside"), [1, 0, 0, 0], "{json}");
    assert_eq!(json["parts"]["set_aside"]["bytes"], 3, "{json}");
    assert!(json["names"]["m"]["bytes"].as_u64().unwrap() > 0, "{json}");
    assert_eq!((&json["damaged"], part("unreadable")), (&serde_json::json!([]), [0; 4]), "{json}");
    let words = String::from_utf8(told(folder.path(), "store stats --data .")).unwrap();
    let parts = words.lines().skip(1).take(5).filter_map(|line| line.split(' ').next());
    let parts: Vec<&str> = parts.collect();
    assert_eq!(parts, ["log", "raw", "minutes", "hours", "set"], "{words}");
}

#[test]
fn a_folder_in_use_or_missing_is_said() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let (code, _, err) = run(folder.path(), "store verify");
    assert!(code == Some(1) && err.contains("no data folder `data`"), "{err}");
    let program = Program::over(Arc::clone(&folder));
    for line in ["store verify", "store stats", "store export", "store import -"] {
        let (code, _, err) = run(folder.path(), line);
        assert!(code == Some(1) && err.contains("in use by another process"), "{line}: {err}");
    }
    program.kill();
    told(folder.path(), "store verify");
}

/// Pushes a few samples, each of which is acknowledged.
async fn push_some(program: &Program, from: i64) {
    for at in from..from + 40 {
        let body = format!("kept{{writer=\"9\"}} {at} {at}\n");
        let push = async {
            // It may still read its log.
            while Request::post("/push", &body).send(program.address).await.status == 503 {}
        };
        within("a push", push).await;
    }
}

#[tokio::test]
async fn a_backup_has_everything_that_was_acknowledged_before() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let copies = [(); 2].map(|()| Arc::new(tempfile::tempdir().unwrap()));
    let from = SystemClock.now().0 - 600_000;
    let program = Program::over(Arc::clone(&folder));
    let others: Vec<_> = (0..3)
        .map(|writer| tokio::spawn(write(program.address, writer, from, Arc::default())))
        .collect();
    push_some(&program, from).await;
    let backup = |copy: &TempDir| {
        let (folder, target) = (Arc::clone(&folder), copy.path().join("data"));
        let work = move || told(folder.path(), &format!("backup {}", target.display()));
        async move { String::from_utf8(tokio::task::spawn_blocking(work).await.unwrap()).unwrap() }
    };
    let words = within("a backup", backup(&copies[0])).await;
    assert!(words.contains("as a snapshot of the service"), "{words}");
    let left = std::fs::read_dir(folder.path().join("data/snapshots")).unwrap().count();
    assert_eq!(left, 0, "the snapshot has moved");
    program.kill();
    let mut acknowledged = 0;
    for writer in others {
        acknowledged += within("a writer", writer).await.unwrap().len();
    }
    assert!(acknowledged > 0, "pushes went on meanwhile");
    let words = within("a backup", backup(&copies[1])).await;
    assert!(words.contains("no service runs on it"), "{words}");
    for copy in copies {
        told(copy.path(), "store verify");
        let program = Program::over(copy);
        let found = kept(&program).await;
        for at in from..from + 40 {
            assert_eq!(found.get(&(9, at)), Some(&(at as f64)), "{at}");
        }
        assert!(found.iter().all(|((_, at), value)| *value == *at as f64), "nothing is made up");
        program.kill();
    }
}

#[tokio::test]
async fn a_snapshot_is_made_over_http_and_one_that_was_cut_goes() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let snapshots = folder.path().join("snapshots");
    std::fs::create_dir_all(snapshots.join("20200101T000000Z-1.part/log")).unwrap();
    let app = App::over(Arc::clone(&folder), NOW, "").await;
    assert_eq!(std::fs::read_dir(&snapshots).unwrap().count(), 0);
    app.push("orders 42").await;
    for path in ["/api/v1/admin/snapshot", "/api/v1/admin/tsdb/snapshot"] {
        let answer = app.post(path, "").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        let name = answer["data"]["name"].as_str().unwrap();
        assert!(name.starts_with("20231114T221320Z-") && answer["status"] == "success", "{answer}");
        let segments = std::fs::read_dir(snapshots.join(name).join("log")).unwrap().count();
        assert!(segments > 0, "{segments}");
        let foreign = Request::post(path, "").header("Origin", "http://evil.example");
        assert_eq!(foreign.send(app.address).await.status, 403);
        assert!(app.get(path).await.status >= 400);
    }
    assert_eq!(std::fs::read_dir(&snapshots).unwrap().count(), 2);
}

#[test]
fn a_backup_does_not_write_over_anything() {
    let folder = folder_with("in", DUMPED);
    told(folder.path(), "store import in");
    std::fs::create_dir(folder.path().join("there")).unwrap();
    let (code, _, err) = run(folder.path(), "backup there");
    assert!(code == Some(1) && err.contains("`there` is there already"), "{err}");
    told(folder.path(), "backup copy");
    assert!(told(folder.path(), "store export") == told(folder.path(), "store export --data copy"));
}
