//! Tests of files that change as editors change them.

use std::fs;

use super::*;

const ONE: &str = "title = \"T\"\n[[panel]]\nid = \"p\"\ntitle = \"P\"\nquery = \"up\"\n";
const BROKEN: &str = "title = \"T\"\n[[panel]]\nid = \"p\"\ntitle = \"P\"\nquery = \"sum(\"\n";

/// A folder with a settings file and dashboards beside it, as a service has read it.
struct World {
    folder: tempfile::TempDir,
    files: DashboardFiles,
}

impl World {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("dashboards")).expect("a folder");
        for (name, text) in [(FILE, "")].iter().chain(files) {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let (path, name) = (folder.path().join(FILE), FILE.to_owned());
        let place = Place { path, name, named: false };
        let files = DashboardFiles::read(place, folder.path().join("dashboards"));
        Self { folder, files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    /// Looks until a change has been taken: twice. Whether there was news.
    fn settle(&mut self) -> bool {
        let first = self.files.look().is_some();
        let second = self.files.look().is_some();
        assert!(!first, "a change is taken when it was seen twice");
        second
    }

    fn titles(&self) -> Vec<String> {
        let all = self.files.served().iter().flat_map(|file| file.dashboards.iter());
        all.filter(|board| board.slug != OVERVIEW)
            .map(|board| format!("{} {}", board.slug, board.title))
            .collect()
    }

    /// The mistakes, without the folder's own name.
    fn mistakes(&self) -> Vec<String> {
        let own = format!("{}/", self.folder.path().display());
        let all = self.files.served().iter().flat_map(|file| file.mistakes.iter());
        all.map(|line| line.replace(&own, "")).collect()
    }
}

fn titled(title: &str) -> String {
    ONE.replace("\"T\"", &format!("{title:?}"))
}

#[test]
fn a_change_is_taken_however_an_editor_writes_it() {
    let check = |what: &str, save: &dyn Fn(&World, &str)| {
        let mut world = World::new(&[("dashboards/a.toml", &titled("Old"))]);
        assert!(!world.settle(), "{what}: nothing has changed");
        save(&world, &titled("New"));
        assert!(world.settle(), "{what}");
        assert_eq!(world.titles(), ["a New"], "{what}");
        assert!(!world.settle(), "{what}: it is told once");
    };
    let (own, beside) = ("dashboards/a.toml", "dashboards/a.toml~");
    check("written in place", &|world, text| world.write(own, text));
    check("another put in its place", &|world, text| {
        world.write("dashboards/.a.toml.swp", text);
        fs::rename(world.path("dashboards/.a.toml.swp"), world.path(own)).expect("renamed");
    });
    check("the old one renamed first", &|world, text| {
        fs::rename(world.path(own), world.path(beside)).expect("renamed");
        world.write(own, text);
    });
    check("of the same length and age", &|world, text| {
        let old = fs::metadata(world.path(own)).and_then(|data| data.modified()).expect("a time");
        world.write(beside, text);
        let file = fs::File::options().write(true).open(world.path(beside));
        file.and_then(|file| file.set_modified(old)).expect("set");
        fs::rename(world.path(beside), world.path(own)).expect("renamed");
    });
}

#[test]
fn a_file_that_is_still_being_written_is_left_alone() {
    let mut world = World::new(&[("dashboards/a.toml", ONE)]);
    world.write("dashboards/a.toml", "");
    assert!(world.files.look().is_none());
    world.write("dashboards/a.toml", "title = \"Half");
    assert!(world.files.look().is_none(), "it has changed since the last look");
    world.write("dashboards/a.toml", &titled("Whole"));
    assert!(world.settle());
    assert_eq!((world.titles(), world.mistakes()), (vec!["a Whole".to_owned()], Vec::new()));

    fs::remove_file(world.path("dashboards/a.toml")).expect("removed");
    assert!(world.files.look().is_none());
    world.write("dashboards/a.toml", &titled("Back"));
    assert!(world.settle(), "one that was away for a moment is not missed");
    assert_eq!(world.titles(), ["a Back"]);
}

#[test]
fn files_come_and_go() {
    let mut world = World::new(&[("dashboards/a.toml", ONE)]);
    world.write("dashboards/b.toml", &titled("B"));
    world.write("dashboards/.#b.toml", "an editor's own");
    world.write("dashboards/c.toml.bak", "no");
    assert!(world.settle());
    assert_eq!(world.titles(), ["a T", "b B"]);
    fs::remove_file(world.path("dashboards/a.toml")).expect("removed");
    assert!(world.settle());
    assert_eq!(world.titles(), ["b B"]);
    fs::remove_dir_all(world.path("dashboards")).expect("removed");
    assert!(world.settle());
    assert_eq!((world.titles(), world.mistakes()), (Vec::new(), Vec::new()));
}

#[test]
fn the_last_good_version_is_kept_and_the_mistake_told_with_its_line() {
    let mut world = World::new(&[("dashboards/a.toml", ONE)]);
    world.write("dashboards/a.toml", BROKEN);
    assert!(world.settle());
    assert_eq!(world.titles(), ["a T"]);
    let told = world.mistakes();
    assert!(told[0].starts_with("dashboards/a.toml:5: panel[0].query: 1:5: "), "{told:?}");
    world.write("dashboards/a.toml", "title = [\n");
    assert!(world.settle());
    let told = world.mistakes();
    assert!(told[0].starts_with("dashboards/a.toml:"), "{told:?}");
    assert!(told.iter().all(|line| !line.contains('\n')), "{told:?}");
    fs::write(world.path("dashboards/a.toml"), [0xff, 0xfe, 0]).expect("a file");
    assert!(world.settle());
    let told = world.mistakes();
    assert!(told[0].starts_with("dashboards/a.toml: cannot read the file: "), "{told:?}");
    assert_eq!(world.titles(), ["a T"]);
    world.write("dashboards/a.toml", &titled("Mended"));
    assert!(world.settle());
    assert_eq!((world.titles(), world.mistakes()), (vec!["a Mended".to_owned()], Vec::new()));
}

#[test]
fn a_slug_belongs_to_the_first_file_that_has_it() {
    let mut world = World::new(&[("dashboards/a.toml", ONE), ("dashboards/b.toml", ONE)]);
    world.write("dashboards/b.toml", &format!("slug = \"a\"\n{ONE}"));
    assert!(world.settle());
    assert_eq!(world.titles(), ["a T", "b T"], "the last good version of the other is kept");
    let told = world.mistakes();
    assert!(told[0].contains("b.toml: the slug `a` is taken already, in "), "{told:?}");
    fs::remove_file(world.path("dashboards/a.toml")).expect("removed");
    assert!(world.settle());
    assert_eq!((world.titles(), world.mistakes()), (vec!["a T".to_owned()], Vec::new()));
}

#[test]
fn the_settings_file_brings_dashboards_when_it_appears() {
    let mut world = World::new(&[]);
    fs::remove_file(world.path(FILE)).expect("removed");
    assert!(world.settle());
    let shipped = world.titles();
    assert!(!shipped.is_empty());
    let text = ONE.replace("title = \"T\"", "[[dashboard]]\nslug = \"s\"\ntitle = \"T\"");
    world.write(FILE, &text.replace("[[panel]]", "[[dashboard.panel]]"));
    assert!(world.settle());
    assert_eq!(world.titles(), ["s T"]);
    let has_first_page = |world: &World| {
        let mut all = world.files.served().iter().flat_map(|file| file.dashboards.iter());
        all.any(|board| board.slug == OVERVIEW)
    };
    assert!(has_first_page(&world), "the shipped one stands in");
    world.write(FILE, "[[dashboard]]\nslug = 5\n");
    assert!(world.settle());
    assert_eq!(world.titles(), ["s T"]);
    let told = world.mistakes();
    let start = "dashboard.toml:2: dashboard[0].slug: ";
    assert!(told.iter().any(|line| line.starts_with(start)), "{told:?}");
    fs::remove_file(world.path(FILE)).expect("removed");
    assert!(world.settle());
    assert!(world.titles() == shipped && has_first_page(&world));
}

#[test]
fn files_are_checked_as_they_would_be_read() {
    let checked = |files: &[(&str, &str)], expected: &[&str]| {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        let told = check(&files.iter().map(owned).collect::<Vec<_>>());
        assert_eq!(told.len(), expected.len(), "{told:?}");
        for (line, start) in told.iter().zip(expected) {
            assert!(line.starts_with(start), "{line} {start}");
        }
    };
    checked(&[("-", ONE), ("x/a.toml", ONE)], &[]);
    checked(&[("-", BROKEN)], &["-:5: panel[0].query: 1:5: "]);
    checked(
        &[("x/a.toml", ONE), ("y/a.toml", ONE)],
        &["y/a.toml: the slug `a` is taken already, "],
    );
    checked(&[("etc/dashboard.toml", "[server]\nbind = 5\n")], &[]);
    checked(
        &[("s.toml", "[server]\nbind = 5\n")],
        &["s.toml:1: server: only `[[dashboard]]` tables"],
    );
}
