//! Tests of the whole core without sockets, threads or time: a world in which every evaluation runs
//! at once and the test says what time it is.

mod client;
mod law;
mod pace;
mod sessions;
mod vectors;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::live::{
    BoardSpec, Boards, Carrier, Command, GroupId, Hub, Job, Options, Outgoing, PanelSpec,
    SessionId, Snapshot,
};
use crate::model::list::List;
use crate::model::{Principal, Span, Timestamp};
use crate::query::{Limits, Plan, Standing};

use client::Client;

/// One board, whose queries the test may change.
struct OneBoard(Mutex<(u64, Vec<&'static str>)>);

impl Boards for OneBoard {
    fn board(&self, slug: &str) -> Option<Arc<BoardSpec>> {
        let (revision, queries) = &*self.0.lock();
        let panel = |query: &&str| PanelSpec {
            spans: Vec::new(),
            bands: Vec::new(),
            is_chart: true,
            id: format!("p{}", query.len()),
            step: None,
            plans: vec![Arc::new(Plan::new(query).expect("a query"))],
            document: serde_json::json!({}),
        };
        let panels = queries.iter().map(panel).collect();
        let (slug, revision) = (slug.to_owned(), *revision);
        let is_there = slug == "board" && !queries.is_empty();
        let document = serde_json::json!({});
        is_there.then(|| Arc::new(BoardSpec { slug, revision, document, panels }))
    }

    fn generation(&self) -> u64 {
        self.0.lock().0
    }
}

/// What a socket worker would hold of one session.
struct Held {
    group: Option<(GroupId, u64)>,
    /// Frames of the group that it has not read, as its worker would keep them.
    unread: VecDeque<(u64, Bytes)>,
    reads: bool,
    behind: bool,
    client: Client,
    closed: bool,
}

struct World {
    hub: Hub,
    standing: Standing,
    data: Arc<List>,
    boards: Arc<OneBoard>,
    now: Timestamp,
    sessions: BTreeMap<SessionId, Held>,
    /// Messages that went out to groups.
    frames: usize,
    /// Jobs that have begun and do not end; nothing when they end at once.
    stuck: Option<Vec<Job>>,
}

const START: Timestamp = Timestamp(1_700_000_000_000);

impl World {
    fn new(queries: &[&'static str]) -> Self {
        Self::with(queries, &Options::default())
    }

    fn with(queries: &[&'static str], options: &Options) -> Self {
        let data = Arc::new(List::default());
        let boards = Arc::new(OneBoard(Mutex::new((1, queries.to_vec()))));
        let times = (Span(300_000), Span(10_000));
        let arrivals = Arc::clone(&data) as _;
        let options = Options { push_interval: Span(250), ..options.clone() };
        let hub = Hub::new(options, times, "b".into(), Arc::clone(&boards) as _, arrivals);
        let standing = Standing::new(10_000);
        let (now, sessions, frames, stuck) = (START, BTreeMap::new(), 0, None);
        Self { hub, standing, data, boards, now, sessions, frames, stuck }
    }

    fn limits() -> Limits {
        Limits::from(&crate::query::Options::default())
    }

    /// Moves the time on to `at`, waking the hub whenever it wants to be.
    fn until(&mut self, at: Timestamp) {
        while self.hub.wake_at(self.now) <= at {
            self.now = self.hub.wake_at(self.now);
            self.hub.timer(self.now);
            self.settle();
        }
        self.now = at;
    }

    fn pass(&mut self, span: Span) {
        self.until(self.now + span);
    }

    fn open(&mut self, session: SessionId, carrier: Carrier) {
        let client = Client::new(carrier);
        let held = Held {
            group: None,
            unread: VecDeque::new(),
            reads: true,
            behind: false,
            client,
            closed: false,
        };
        self.sessions.insert(session, held);
        let principal = Principal::Anonymous;
        let open =
            Command::Open { session, worker: 0, carrier, principal, key: None, resume: None };
        self.command(open);
    }

    fn say(&mut self, session: SessionId, text: &str) {
        self.command(Command::Text { session, text: text.to_owned() });
    }

    fn command(&mut self, command: Command) {
        self.hub.command(command, self.now);
        self.settle();
    }

    /// Evaluates and delivers until nothing is left to do.
    fn settle(&mut self) {
        loop {
            let jobs = self.hub.take_jobs();
            let outgoing = self.hub.take_outgoing();
            if jobs.is_empty() && outgoing.is_empty() {
                break;
            }
            for (_, outgoing) in outgoing {
                self.deliver(outgoing);
            }
            for job in jobs {
                if let Some(stuck) = &mut self.stuck {
                    job.progress.begin();
                    stuck.push(job);
                } else {
                    self.run(job);
                }
            }
            self.fetch();
        }
    }

    fn run(&mut self, job: Job) {
        let done = job.run(&*self.data, &Self::limits(), 2000, &mut self.standing);
        self.hub.done(done, self.now);
    }

    fn deliver(&mut self, outgoing: Outgoing) {
        match outgoing {
            Outgoing::Frames(frames) => {
                for (group, number, bytes) in frames {
                    self.frames += 1;
                    for held in self.sessions.values_mut() {
                        held.frame(group, number, &bytes);
                    }
                }
            }
            Outgoing::Private(session, bytes) | Outgoing::Answer(session, bytes, _) => {
                if let Some(held) = self.sessions.get_mut(&session) {
                    held.read_all();
                    held.client.take(&bytes);
                }
            }
            Outgoing::Join(session, group, number) => {
                if let Some(held) = self.sessions.get_mut(&session) {
                    held.read_all();
                    held.unread.clear();
                    held.group = Some((group, number));
                    held.behind = false;
                }
            }
            Outgoing::End(session, bytes) => {
                if let Some(held) = self.sessions.get_mut(&session) {
                    held.client.take(&bytes);
                    held.closed = true;
                }
            }
        }
    }

    /// Fetches the windows that clients were told of, as a page does over HTTP.
    fn fetch(&mut self) {
        let wanted: Vec<(SessionId, String)> = self
            .sessions
            .iter_mut()
            .flat_map(|(id, held)| held.client.wanted.drain(..).map(move |name| (*id, name)))
            .collect();
        for (session, name) in wanted {
            let (reply, mut answer) = oneshot::channel();
            self.hub.command(Command::Snapshot { name, reply }, self.now);
            let snapshot: Option<Arc<Snapshot>> = answer.try_recv().expect("answered at once");
            let held = self.sessions.get_mut(&session).expect("it asked");
            if let Some(snapshot) = snapshot {
                held.client.take_snapshot(&snapshot.bytes);
            }
        }
    }

    /// A session stops reading, or reads again and catches up.
    fn reads(&mut self, session: SessionId, reads: bool) {
        let held = self.sessions.get_mut(&session).expect("a session");
        held.reads = reads;
        if reads {
            held.read_all();
        }
        if reads && held.behind {
            let number = held.group.expect("it is in a group").1;
            self.command(Command::CatchUp { session, number });
        }
    }
}

impl Held {
    fn frame(&mut self, group: GroupId, number: u64, bytes: &Bytes) {
        if self.group.is_none_or(|(own, _)| own != group) || self.behind {
            return;
        }
        self.unread.push_back((number, bytes.clone()));
        if self.reads {
            self.read_all();
        }
        // A worker keeps only so many; then the viewer has to be told what it missed.
        if self.unread.len() > 4 {
            self.unread.clear();
            self.behind = true;
        }
    }

    fn read_all(&mut self) {
        for (number, bytes) in self.unread.drain(..) {
            self.client.take(&bytes);
            if let Some((_, last)) = &mut self.group {
                *last = number;
            }
        }
    }
}
