//! The node as one machine. Inputs: the driver's events and its owner's [`BrokerAsk`]; effects as they come from the front, the shard and
//! the office. This file carries words between those three and decides nothing but the order of a start and of a stop.
//!
//! | life | on | becomes |
//! |---|---|---|
//! | New | `Start` | Booting |
//! | Booting | the directory may start | Opening (office and shard read their files) |
//! | Opening | the shard has started, the office serves | Serving: tells `Ready` |
//! | Opening | `Stop` | Leaving (partitions are given up) |
//! | Serving | `Stop` | Answering (no new requests; who has asked waits for what becomes durable) |
//! | Answering | everybody is answered, or the time for it is up | Draining (what was answered leaves) |
//! | Draining | every connection is closed, or the time for it is up | Leaving |
//! | Leaving | the office has left | Parting (the shard flushes and closes) |
//! | Parting | the shard has stopped | Closing (the metadata log closes) |
//! | Closing | closed | Marking when all of it was clean, else Ended |
//! | Marking | the marker is durable | Ended: tells `Stopped` |
//! | any | refused, offline, or `Stop`'s time is up | Ended: tells `Stopped` |
//!
//! N1: clients are served only what is committed: the front's image is the shard's image.
//! N2: the clean marker is written last, and only when everything below it was closed cleanly.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ottla_coordinator::Groups;
use ottla_log::{LogJob, Progress, Rewrite};
use ottla_machine::{
    DiskOutput, Effect, Effects, Emit, Event, Fault, Inspect, Level, Machine, Names, Now, Offset,
    Op, Output, Owner, Rng, Time, planted, sometimes,
};
use ottla_metadata::Image;
use ottla_quorum::VoterEndpoint;
use ottla_shard::{Held, PartitionId, Shard, ShardAsk, ShardTell};

use crate::boot::{BOOT, Boot, BootSettings, Booted, Booting, clean_shutdown};
use crate::config::{BrokerConfig, ListenerAddress};
use crate::front::Front;
use crate::limits;
use crate::office::{MetadataLogView, Office, OfficeSettings, OfficeTell, QUORUM, QUORUM_LOG};
use crate::words::{BrokerAsk, BrokerTell, Cause, StartBroker};

#[derive(Clone)]
enum Life {
    New,
    Booting(Box<Boot>),
    Opening,
    Serving,
    Answering(Time),
    Draining(Time),
    Leaving,
    Parting,
    Closing,
    Marking(Rewrite),
    Ended,
}

/// One broker.
#[derive(Clone)]
pub struct Broker {
    life: Life,
    start: Option<Box<StartBroker>>,
    front: Option<Front>,
    /// Connections that came before there was a front.
    early: VecDeque<Event<Broker>>,
    shard: Shard,
    shard_fx: Effects<Shard>,
    office: Option<Office>,
    image: Arc<Image>,
    shard_started: bool,
    office_serves: bool,
    shard_clean: bool,
    names: Names,
    stop_by: Option<Time>,
}

impl Default for Broker {
    fn default() -> Broker {
        Broker {
            life: Life::New,
            start: None,
            front: None,
            early: VecDeque::new(),
            shard: Shard::new(),
            shard_fx: Effects::new(),
            office: None,
            image: Arc::new(Image::new()),
            shard_started: false,
            office_serves: false,
            shard_clean: false,
            names: Names::new(BROKER_FILES),
            stop_by: None,
        }
    }
}

impl Broker {
    /// A broker that waits for its start.
    pub fn new() -> Broker {
        Broker::default()
    }

    /// The committed metadata that clients are served.
    pub fn image(&self) -> &Arc<Image> {
        &self.image
    }

    /// The committed metadata as the office has it: at least as new as [`Broker::image`].
    pub fn committed_image(&self) -> Option<&Image> {
        self.office.as_ref().map(Office::committed)
    }

    /// The controller's metadata: to the tail of its log, not all of it need be committed.
    pub fn controller_image(&self) -> Option<&Image> {
        self.office.as_ref().map(Office::decided)
    }

    /// Where the metadata log stands.
    pub fn metadata_log(&self) -> Option<MetadataLogView> {
        self.office.as_ref().map(Office::log_view)
    }

    /// Every replica that this node holds.
    pub fn logs(&self) -> impl Iterator<Item = Held<'_>> {
        self.shard.logs()
    }

    /// The groups of every partition that is led here, with the end of what was replayed; not of those being loaded.
    pub fn groups(&self) -> impl Iterator<Item = (PartitionId, &Groups, Offset)> {
        self.shard.groups()
    }

    /// The replicas that the last settle has visited or that were touched after it; one may be named twice.
    pub fn touched(&self) -> impl Iterator<Item = Held<'_>> {
        self.shard.touched()
    }

    /// Panics when an invariant of the clients' side, or of what was touched last, does not hold.
    pub fn check_touched(&self) {
        if let Some(front) = &self.front {
            front.check();
        }
        self.shard.check_touched();
    }

    /// Panics when an invariant does not hold.
    pub fn check(&self) {
        if let Some(front) = &self.front {
            front.check();
        }
        self.shard.check();
    }

    fn on_ask(&mut self, now: Now, ask: BrokerAsk, fx: &mut Effects<Broker>) {
        match ask {
            BrokerAsk::Start(start) => self.on_start(start, fx),
            BrokerAsk::Stop { by } => self.on_stop(now, by, fx),
        }
    }

    fn on_start(&mut self, start: Box<StartBroker>, fx: &mut Effects<Broker>) {
        assert!(matches!(self.life, Life::New), "a broker starts once");
        self.shard_fx = fx.inner();
        let &[dir] = start.dirs.as_slice() else {
            let why = format!(
                "{} log directories are configured; this version serves one: name one in log.dirs",
                start.dirs.len()
            );
            return self.end(Cause::Refused(why), fx);
        };
        let config = Arc::new(BrokerConfig::new(
            Arc::clone(&start.settings),
            start.listeners.clone(),
        ));
        let rng = Rng::new(start.seed);
        let settings = BootSettings {
            node: config.node_id,
            cluster_id: start.cluster_id,
            endpoint: endpoint(&start.controller),
            features: ottla_controller::feature_values(ottla_controller::FRESH_FEATURES),
        };
        self.front = Some(Front::new(
            config,
            "".into(),
            Arc::clone(&self.image),
            rng.child(1),
            fx.switch(),
        ));
        self.life = Life::Booting(Box::new(Boot::begin(settings, dir, rng.child(2), fx)));
        self.start = Some(start);
    }

    fn on_boot_done(
        &mut self,
        now: Now,
        op: Op,
        result: Result<DiskOutput, Fault>,
        fx: &mut Effects<Broker>,
    ) {
        match &mut self.life {
            Life::Booting(boot) => match boot.on_done(now, op.seq, result, fx) {
                Booting::Going => {}
                Booting::Ready(booted) => self.on_booted(now, booted, fx),
                Booting::Refused(why) => self.end(Cause::Refused(why), fx),
            },
            Life::Marking(rewrite) => match rewrite.on_done(op.seq, result, fx) {
                Progress::Going => {}
                Progress::Done => self.end(Cause::Asked { clean: true }, fx),
                Progress::Failed(_) => self.end(Cause::Asked { clean: false }, fx),
            },
            _ => {}
        }
    }

    fn on_booted(&mut self, now: Now, booted: Booted, fx: &mut Effects<Broker>) {
        let start = self.start.clone().expect("a boot follows a start");
        let settings = &start.settings;
        self.front_mut().bench.cluster_id = booted.meta.cluster_id.as_str().into();
        let shard = ottla_shard::Start {
            node: booted.meta.node_id,
            dirs: vec![(start.dirs[0], booted.meta.directory_id)],
            clean: booted.clean,
            flush_on_ack: settings.is("log.flush.on.ack"),
            strict_validation: settings.text("produce.batch.validation") == Some("strict"),
            checkpoint_interval_ms: settings.whole("log.flush.offset.checkpoint.interval.ms"),
            producer_id_expiration_ms: settings.whole("producer.id.expiration.ms"),
            retention_check_interval_ms: settings.whole("log.retention.check.interval.ms"),
            cleaner_enable: settings.is("log.cleaner.enable"),
            cleaner_backoff_ms: settings.whole("log.cleaner.backoff.ms"),
            cleaner_bytes: usize::try_from(settings.whole("log.cleaner.dedupe.buffer.size"))
                .unwrap_or(0),
            static_config: Arc::new(settings.all().clone()),
            rng: Rng::new(start.seed).child(4),
        };
        let office = OfficeSettings {
            booted,
            root: start.dirs[0],
            statics: Arc::clone(&start.settings),
            listeners: start.listeners.clone(),
            controller_endpoint: endpoint(&start.controller),
        };
        self.office = Some(Office::begin(office, Rng::new(start.seed).child(3), fx));
        self.life = Life::Opening;
        self.ask_shard(now, ShardAsk::Start(Box::new(shard)));
    }

    /// Both sides are there: clients may come.
    fn serve_when_ready(&mut self, now: Now, fx: &mut Effects<Broker>) {
        if !matches!(self.life, Life::Opening) || !self.shard_started || !self.office_serves {
            return;
        }
        self.life = Life::Serving;
        self.on_image(now, Arc::clone(&self.image));
        sometimes!(fx, "a connection came before there was a front", if !self.early.is_empty());
        self.front_mut().serve(now, fx);
        for event in std::mem::take(&mut self.early) {
            self.on_connection(now, event, fx);
        }
        fx.tell(BrokerTell::Ready);
    }

    fn on_image(&mut self, now: Now, image: Arc<Image>) {
        self.image = Arc::clone(&image);
        if !matches!(self.life, Life::New | Life::Booting(_) | Life::Opening) {
            self.ask_shard(now, ShardAsk::Image(Arc::clone(&image)));
            self.front_mut().bench.image = image;
        }
    }

    fn on_stop(&mut self, now: Now, by: Time, fx: &mut Effects<Broker>) {
        self.stop_by = Some(by);
        let early = matches!(self.life, Life::New | Life::Booting(_) | Life::Opening);
        sometimes!(fx, "the broker was stopped before it served", if early);
        match self.life {
            Life::New | Life::Booting(_) => self.end(Cause::Asked { clean: false }, fx),
            Life::Opening => {
                self.front_mut().stop();
                self.leave(now, fx);
            }
            Life::Serving => {
                self.front_mut().stop();
                let owes = self.front_mut().owes();
                sometimes!(fx, "a stop waited for answers", if owes);
                self.life = Life::Answering(self.patience(now, limits::ANSWERING_MS));
            }
            _ => {}
        }
    }

    /// Until when a stop waits for clients. Half of its time is for what makes it a clean one.
    fn patience(&self, now: Now, most_ms: i64) -> Time {
        let left = self
            .stop_by
            .map_or(Duration::MAX, |by| by.since(now.mono) / 2);
        now.mono.after_ms(most_ms).min(now.mono.after(left))
    }

    /// A stop goes on as soon as the clients have what it owes them.
    fn leave_when_answered(&mut self, now: Now, fx: &mut Effects<Broker>) {
        if let Life::Answering(until) = self.life
            && (!self.front_mut().owes() || until <= now.mono)
        {
            self.front_mut().give_up();
            self.life = Life::Draining(self.patience(now, limits::DRAINING_MS));
        }
        if let Life::Draining(until) = self.life
            && (self.front_mut().is_deserted() || until <= now.mono)
        {
            self.leave(now, fx);
        }
    }

    fn leave(&mut self, now: Now, fx: &mut Effects<Broker>) {
        self.life = Life::Leaving;
        self.office_mut().leave(now, fx);
    }

    fn on_office(&mut self, now: Now, tell: OfficeTell, fx: &mut Effects<Broker>) {
        match tell {
            OfficeTell::Image(image) => self.on_image(now, image),
            OfficeTell::Answer(ticket, response) => {
                self.front_mut().on_controller(now, ticket, response)
            }
            OfficeTell::Serving => self.office_serves = true,
            OfficeTell::Left => {
                if matches!(self.life, Life::Leaving) {
                    self.life = Life::Parting;
                    self.ask_shard(now, ShardAsk::Stop);
                }
            }
            OfficeTell::Closed => self.on_closed(fx),
            OfficeTell::Refused(why) => self.end(Cause::Refused(why), fx),
            OfficeTell::Warning(text) => fx.note(Level::Warn, text),
            OfficeTell::Offline(why) => self.end(Cause::Offline(why), fx),
        }
    }

    fn on_shard(&mut self, now: Now, tell: ShardTell, fx: &mut Effects<Broker>) {
        match self.front_mut().on_shard(now, tell) {
            Some(ShardTell::Started) => self.shard_started = true,
            Some(ShardTell::Offline(_, why)) => self.end(Cause::Offline(why), fx),
            Some(ShardTell::Stopped { clean }) => {
                self.shard_clean = clean;
                self.life = Life::Closing;
                self.office_mut().close(now, fx);
            }
            Some(ShardTell::Answer(..) | ShardTell::Ready(_)) | None => {}
        }
    }

    /// N2.
    fn on_closed(&mut self, fx: &mut Effects<Broker>) {
        let epoch = self.office_mut().broker_epoch();
        let clean = self.shard_clean || planted!(fx, "clean-marker-after-unclean-stop");
        if !matches!(self.life, Life::Closing) || !clean || epoch < 0 {
            sometimes!(fx, "a stop was not clean");
            return self.end(Cause::Asked { clean: false }, fx);
        }
        let owner = Owner {
            part: BOOT,
            slot: 0,
            generation: 0,
        };
        let dir = self.start.as_ref().expect("a start came first").dirs[0];
        let name =
            ottla_machine::Name::new(clean_shutdown::FILE).expect("our own file names are names");
        let bytes = clean_shutdown::print(epoch).into();
        self.life = Life::Marking(Rewrite::begin(
            owner,
            MARK,
            dir,
            name,
            bytes,
            &mut self.names,
            fx,
        ));
    }

    fn end(&mut self, cause: Cause, fx: &mut Effects<Broker>) {
        if matches!(self.life, Life::Ended) {
            return;
        }
        self.life = Life::Ended;
        fx.tell(BrokerTell::Stopped(cause));
    }

    fn on_connection(&mut self, now: Now, event: Event<Broker>, fx: &mut Effects<Broker>) {
        let Some(front) = &mut self.front else {
            self.early.push_back(event);
            return;
        };
        match event {
            Event::Opened(conn, peer) => front.on_opened(now, conn, peer, fx),
            Event::Received(conn, bytes) => front.on_received(now, conn, bytes),
            Event::Sent(conn, to) => front.on_sent(now, conn, to),
            Event::Closed(conn, _) => front.on_closed(conn),
            Event::Asked(_) | Event::Done(..) => {}
        }
    }

    fn on_done(
        &mut self,
        now: Now,
        op: Op,
        result: Result<Output<Broker>, Fault>,
        fx: &mut Effects<Broker>,
    ) {
        let disk = match result {
            Ok(Output::Product(product)) => {
                return self.step_shard(now, Event::Done(op, Ok(Output::Product(product))));
            }
            Ok(Output::Disk(output)) => Ok(output),
            Err(fault) => Err(fault),
        };
        match (op.owner.part, &mut self.office) {
            (BOOT, _) => self.on_boot_done(now, op, disk, fx),
            (QUORUM | QUORUM_LOG, Some(office)) => office.on_done(now, op, disk, fx),
            (QUORUM | QUORUM_LOG, None) => {}
            _ => self.step_shard(now, Event::Done(op, disk.map(Output::Disk))),
        }
    }

    fn ask_shard(&mut self, now: Now, ask: ShardAsk) {
        self.step_shard(now, Event::Asked(ask));
    }

    fn step_shard(&mut self, now: Now, event: Event<Shard>) {
        self.shard.step(now, event, &mut self.shard_fx);
    }

    /// Carries words up and down until nobody has any left.
    fn carry(&mut self, now: Now, fx: &mut Effects<Broker>) {
        loop {
            let mut moved = self.carry_shard(now, fx);
            self.leave_when_answered(now, fx);
            let Some(front) = &mut self.front else { return };
            front.work(now, fx);
            while let Some(ask) = self.front_mut().next_ask(fx) {
                self.ask_shard(now, ask);
                moved = true;
            }
            while let Some((ticket, request)) = self.front_mut().bench.requests.pop_front() {
                self.office_mut().request(now, ticket, request, fx);
                if planted!(fx, "metadata-applied-before-committed") {
                    let image = self.office_mut().decided().clone();
                    self.on_image(now, Arc::new(image));
                }
                moved = true;
            }
            while let Some(tell) = self.office.as_mut().and_then(Office::tell) {
                self.on_office(now, tell, fx);
                moved = true;
            }
            self.serve_when_ready(now, fx);
            if !moved || matches!(self.life, Life::Ended) {
                return;
            }
        }
    }

    /// Passes the shard's effects on; what it tells is taken in.
    fn carry_shard(&mut self, now: Now, fx: &mut Effects<Broker>) -> bool {
        let mut effects = std::mem::replace(&mut self.shard_fx, fx.inner());
        let moved = !effects.is_empty();
        fx.account(&effects);
        for effect in effects.drain() {
            match effect {
                Effect::Tell(tell) => self.on_shard(now, tell, fx),
                Effect::Disk(op, what) => fx.disk(op, what),
                Effect::Work(op, job) => fx.work(op, job),
                Effect::Note(note) => fx.note(note.level, note.text),
                Effect::Connect(..)
                | Effect::Receive(..)
                | Effect::Send(..)
                | Effect::Close(..) => {
                    unreachable!("a shard knows no connections")
                }
            }
        }
        moved
    }

    /// Files that their logs let go are closed behind the answers that name them: those in work, and those that have just been sent.
    fn close_files(&mut self, now: Now, fx: &mut Effects<Broker>) {
        if !self.shard.holds_files() {
            return;
        }
        if let Some(front) = &self.front {
            let since = front.bench.sessions.reads_since();
            self.ask_shard(now, ShardAsk::ReadsSince(since));
            self.carry_shard(now, fx);
        }
    }

    fn front_mut(&mut self) -> &mut Front {
        self.front
            .as_mut()
            .expect("the front is there from the start on")
    }

    fn office_mut(&mut self) -> &mut Office {
        self.office
            .as_mut()
            .expect("the office is there once the directory is booted")
    }
}

impl Machine for Broker {
    type Ask = BrokerAsk;
    type Tell = BrokerTell;
    type Job = LogJob;

    fn step(&mut self, now: Now, event: Event<Broker>, fx: &mut Effects<Broker>) {
        if matches!(self.life, Life::Ended) {
            return;
        }
        if let Some(front) = &mut self.front {
            front.begin();
        }
        match event {
            Event::Asked(ask) => self.on_ask(now, ask, fx),
            Event::Done(op, result) => self.on_done(now, op, result, fx),
            event => self.on_connection(now, event, fx),
        }
        self.carry(now, fx);
    }

    fn settle(&mut self, now: Now, fx: &mut Effects<Broker>) {
        if self.stop_by.is_some_and(|by| by <= now.mono) {
            sometimes!(fx, "a stop ran out of time");
            self.end(Cause::Asked { clean: false }, fx);
        }
        if matches!(self.life, Life::Ended) {
            return;
        }
        if let Some(front) = &mut self.front {
            front.begin();
            front.on_time(now);
        }
        self.carry(now, fx);
        self.shard.settle(now, &mut self.shard_fx);
        if let Some(office) = &mut self.office {
            office.settle(now, fx);
            if let Some(view) = office.quorum_moved() {
                self.front_mut().bench.quorum = view;
            }
        }
        self.carry(now, fx);
        if let Some(front) = &mut self.front {
            front.settle(now, fx);
        }
        self.close_files(now, fx);
    }

    fn deadline(&self) -> Option<Time> {
        if matches!(self.life, Life::Ended) {
            return None;
        }
        [
            self.front.as_ref().and_then(Front::deadline),
            self.shard.deadline(),
            self.office.as_ref().and_then(Office::deadline),
            self.stop_by,
            match self.life {
                Life::Answering(until) | Life::Draining(until) => Some(until),
                _ => None,
            },
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn inspect(&self, out: &mut dyn Inspect) {
        if let Some(front) = &self.front {
            front.inspect(out);
        }
        self.shard.inspect(out);
    }
}

fn endpoint(at: &ListenerAddress) -> VoterEndpoint {
    VoterEndpoint {
        name: at.name.clone(),
        host: at.host.clone(),
        port: at.port,
    }
}

/// The part by which the broker names the files of its stop.
const BROKER_FILES: u16 = 6;
/// The first number of the operations that write the marker: booting uses small ones.
const MARK: u64 = 1 << 32;

#[cfg(test)]
mod tests;
