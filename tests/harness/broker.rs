//! One Kafka broker, which is a controller of its cluster as well (`KRaft`, combined mode).

use std::{
    env,
    fs::{create_dir_all, write},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{ports::LOOPBACK, process::Process};

/// A broker of a test is small and short-lived: no compiler that pays off after minutes, no
/// collector with threads of its own.
const JAVA: [&str; 7] = [
    "-Xms128m",
    "-Xmx320m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
];

/// Where a broker and its controller listen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) clients: u16,
    pub(crate) controllers: u16,
}

/// What a broker has beside its usual settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extra {
    pub(crate) listeners: Listeners,
    /// Lines of its settings.
    pub(crate) settings: Vec<String>,
    /// Arguments with which its folder is formatted.
    pub(crate) formatting: Vec<String>,
}

/// Further listeners: name, protocol, address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listeners(pub(crate) Vec<(&'static str, &'static str, String)>);

impl Extra {
    /// The lines that say all of it.
    fn lines(&self, Ports { clients, controllers }: Ports) -> String {
        let Listeners(further) = &self.listeners;
        let addresses = further.iter().map(|(name, _, address)| format!(",{name}://{address}"));
        let protocols = further.iter().map(|(name, protocol, _)| format!(",{name}:{protocol}"));
        format!(
            "listeners=PLAINTEXT://{LOOPBACK}:{clients},CONTROLLER://{LOOPBACK}:{controllers}{}\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{}\n{}\n",
            addresses.collect::<String>(),
            protocols.collect::<String>(),
            self.settings.join("\n")
        )
    }
}

/// A broker with its folder, whether it runs or not.
#[derive(Debug)]
pub(crate) struct Broker {
    number: usize,
    folder: PathBuf,
    port: u16,
    formatting: Vec<String>,
    process: Option<Process>,
}

impl Broker {
    /// Broker `number` of the cluster that `all` describes, with its settings under
    /// `folder/broker-N`; neither formatted nor started.
    pub(crate) fn new(folder: &Path, number: usize, all: &[Ports], extra: &Extra) -> Self {
        let folder = std::path::absolute(folder).unwrap().join(format!("broker-{number}"));
        create_dir_all(&folder).unwrap();
        let formatting = extra.formatting.clone();
        let broker = Self { number, folder, port: all[number].clients, formatting, process: None };
        let usual = settings(number, all, &broker.folder.join("data"));
        write(broker.settings(), usual + &extra.lines(all[number])).unwrap();
        broker
    }

    /// Makes its data folder a member of a cluster; ends by itself.
    pub(crate) fn format(&self, cluster: &str) -> Process {
        let mut command = self.java("kafka.tools.StorageTool");
        command.args(["format", "--cluster-id", cluster, "--config"]).arg(self.settings());
        command.args(&self.formatting);
        Process::start(&format!("formatting {}", self.name()), &mut command, &self.log())
    }

    /// Starts it, and does not wait until it answers.
    pub(crate) fn launch(&mut self) {
        // The earlier one must be gone before it: they share a folder and ports.
        self.process = None;
        let mut command = self.java("kafka.Kafka");
        command.arg(self.settings());
        self.process = Some(Process::start(&self.name(), &mut command, &self.log()));
    }

    /// Kills it (SIGKILL).
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// The process, unless it was killed.
    pub(crate) fn process(&mut self) -> Option<&mut Process> {
        self.process.as_mut()
    }

    /// Whether it was started and not killed.
    pub(crate) fn launched(&self) -> bool {
        self.process.is_some()
    }

    /// Its number in the cluster.
    pub(crate) fn id(&self) -> i32 {
        self.number as i32
    }

    /// Where clients reach it.
    pub(crate) fn address(&self) -> String {
        format!("{LOOPBACK}:{}", self.port)
    }

    fn name(&self) -> String {
        format!("Kafka broker {}", self.number)
    }

    fn settings(&self) -> PathBuf {
        self.folder.join("server.properties")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("kafka.log")
    }

    fn java(&self, class: &str) -> Command {
        let jars =
            env::var_os("SOHOA_KAFKA_JARS").expect("SOHOA_KAFKA_JARS: see tests/services/obtain");
        let mut command = Command::new("java");
        // Should the JVM crash, its report belongs into this folder.
        command
            .current_dir(&self.folder)
            .args(JAVA)
            .arg("-cp")
            .arg(Path::new(&jars).join("*"))
            .arg(class);
        command
    }
}

/// What makes a broker one of this cluster, small, and quick in what tests wait for.
fn settings(number: usize, all: &[Ports], data: &Path) -> String {
    let voters = all.iter().enumerate();
    let voters = voters.map(|(id, ports)| format!("{id}@{LOOPBACK}:{}", ports.controllers));
    let voters = voters.collect::<Vec<_>>().join(",");
    let (copies, in_sync) = if all.len() < 3 { (1, 1) } else { (3, 2) };
    let data = data.display();
    format!(
        "\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor={copies}
min.insync.replicas={in_sync}
num.partitions=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor={copies}
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={in_sync}
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={in_sync}
# A consumer that is alone in its group need not wait for others.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# A killed worker's transaction is given up when its time is over, not up to ten seconds later.
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
# A killed broker is missed, and may come back under its number, after this time instead of nine
# seconds.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# Nor do brokers wait half a minute for the answer of one that stands still.
request.timeout.ms=3000
controller.socket.timeout.ms=3000
replica.socket.timeout.ms=3000
# Index files are made at full size, which a small tmpfs would not bear.
log.index.size.max.bytes=1048576
num.network.threads=2
num.io.threads=2
background.threads=2
"
    )
}
