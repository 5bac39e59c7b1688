//! One broker that asks who one is: by password, plain or salted, with and without TLS, and gives
//! nobody a right that was not given to them.
//!
//! The test itself has a listener without any of this, on which it may do everything.

use std::path::{Path, PathBuf};

use crate::{
    acl,
    broker::{Extra, Listeners},
    certificates::{Authority, Validity},
    kafka::Kafka,
    ports::{LOOPBACK, free_each},
};

pub use crate::acl::{Operation, Resource};

/// Who may do what was given to them.
pub const USER: User = User { name: "service", password: "service-password" };
/// Who is known and was given nothing.
pub const STRANGER: User = User { name: "stranger", password: "stranger-password" };

/// Somebody the broker knows, under every mechanism.
#[derive(Debug, Clone, Copy)]
pub struct User {
    /// Name.
    pub name: &'static str,
    /// Password.
    pub password: &'static str,
}

/// A broker with its doors.
#[derive(Debug)]
pub struct Secured {
    /// As who may do everything sees it.
    pub kafka: Kafka,
    /// Where it takes passwords: PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512.
    pub sasl: String,
    /// Where it speaks TLS and asks for nothing.
    pub tls: String,
    /// Where it speaks TLS and takes passwords, salted (SCRAM-SHA-512) only.
    pub sasl_tls: String,
    /// The authority of its certificate, a PEM file.
    pub authority: PathBuf,
}

impl Secured {
    /// Starts it, with everything of it below `folder`, which must be new.
    pub fn start(folder: &Path) -> Self {
        let authority = Authority::new(&folder.join("authority"));
        let identity = authority.issue("broker", &["127.0.0.1"], Validity::Current);
        let ports = free_each(3);
        let at = |number: usize| format!("{LOOPBACK}:{}", ports[number]);
        let (sasl, tls, sasl_tls) = (at(0), at(1), at(2));
        let listeners = vec![
            ("SASL", "SASL_PLAINTEXT", sasl.clone()),
            ("TLS", "SSL", tls.clone()),
            ("SASLTLS", "SASL_SSL", sasl_tls.clone()),
        ];
        let mut settings = vec![
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer".into(),
            "super.users=User:ANONYMOUS".into(),
            "ssl.keystore.type=PEM".into(),
            format!("ssl.keystore.location={}", identity.both.display()),
            "listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512".into(),
            "listener.name.sasltls.sasl.enabled.mechanisms=SCRAM-SHA-512".into(),
            format!("listener.name.sasl.plain.sasl.jaas.config={}", plain_module()),
        ];
        for (listener, mechanism) in
            [("sasl", "scram-sha-256"), ("sasl", "scram-sha-512"), ("sasltls", "scram-sha-512")]
        {
            settings.push(format!(
                "listener.name.{listener}.{mechanism}.sasl.jaas.config=\
                 org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ));
        }
        let extra = Extra { listeners: Listeners(listeners), settings, formatting: salted() };
        let kafka = Kafka::start_with(&folder.join("kafka"), &extra);
        Self { kafka, sasl, tls, sasl_tls, authority: authority.file() }
    }

    /// Gives [`USER`] rights to everything whose name begins so.
    pub fn allow(&self, prefix: &str, rights: &[(Resource, Operation)]) {
        acl::allow(self.kafka.bootstrap(), USER.name, prefix, rights);
    }
}

fn plain_module() -> String {
    let users = [USER, STRANGER].map(|user| format!("user_{}=\"{}\"", user.name, user.password));
    format!("org.apache.kafka.common.security.plain.PlainLoginModule required {};", users.join(" "))
}

/// What the users are made from when the broker's folder is.
fn salted() -> Vec<String> {
    let of = |user: User| {
        ["SCRAM-SHA-256", "SCRAM-SHA-512"].map(|mechanism| {
            let User { name, password } = user;
            ["--add-scram".to_owned(), format!("{mechanism}=[name={name},password={password}]")]
        })
    };
    [USER, STRANGER].into_iter().flat_map(of).flatten().collect()
}
