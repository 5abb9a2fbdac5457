//! Listeners as flags and files say them, and what is wrong with them.

use super::*;
use crate::arguments::Serve;
use crate::settings::ConfigFile;

fn of(lines: &str, flags: &[&str]) -> Result<Listeners, String> {
    let file = ConfigFile {
        name: "server.properties".into(),
        bytes: lines.as_bytes().to_vec(),
    };
    let mut serve = Serve::default();
    for flag in flags {
        match flag.split_once(' ').unwrap() {
            ("listen", value) => serve.listen.push(value.into()),
            ("advertise", value) => serve.advertise.push(value.into()),
            other => panic!("{other:?}"),
        }
    }
    let settings = Settings::gather(&serve, &[], Some(&file)).unwrap();
    read(&settings).map_err(|misuse| misuse.0)
}

fn told(listeners: &Listeners) -> Vec<String> {
    let advertised = |l: &Listener| {
        l.advertised
            .as_ref()
            .map(|a| a.to_string())
            .unwrap_or_default()
    };
    listeners
        .client
        .iter()
        .map(|l| format!("{}://{}>{}", l.name, l.bind, advertised(l)))
        .collect()
}

#[test]
fn without_a_word_it_is_the_local_port_of_kafka() {
    let listeners = of("", &[]).unwrap();
    assert_eq!(told(&listeners), ["PLAINTEXT://127.0.0.1:9092>"]);
    assert_eq!(
        (
            listeners.controller_name.as_str(),
            listeners.controller.to_string()
        ),
        ("CONTROLLER", "localhost:9093".into())
    );
}

#[test]
fn kafkas_single_node_file_serves_one_listener_and_records_the_other() {
    let file = "controller.listener.names=CONTROLLER\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9193\n\
        inter.broker.listener.name=PLAINTEXT\n\
        advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://ctl:9193\n\
        listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL\n";
    let listeners = of(file, &[]).unwrap();
    assert_eq!(told(&listeners), ["PLAINTEXT://:9092>localhost:9092"]);
    assert_eq!(listeners.controller.to_string(), "ctl:9193");
    assert_eq!(listeners.secured, []);
    // A flag replaces the listeners, the rest of the file stays.
    let listeners = of(file, &["listen 127.0.0.1:0", "advertise here:1"]).unwrap();
    assert_eq!(told(&listeners), ["PLAINTEXT://127.0.0.1:0>here:1"]);
}

#[test]
fn several_listeners_and_what_is_advertised_for_them() {
    let listeners = of(
        "",
        &[
            "listen 127.0.0.1:1",
            "listen EXTERNAL://0.0.0.0:2",
            "advertise EXTERNAL://out:3",
        ],
    )
    .unwrap();
    assert_eq!(
        told(&listeners),
        ["PLAINTEXT://127.0.0.1:1>", "EXTERNAL://0.0.0.0:2>out:3"]
    );
    let listeners = of(
        "",
        &["listen a:1", "listen b:2", "advertise c:3", "advertise d:4"],
    )
    .unwrap();
    assert_eq!(
        told(&listeners),
        ["PLAINTEXT://a:1>c:3", "PLAINTEXT_2://b:2>d:4"]
    );
}

#[test]
fn another_protocol_is_noticed_only_where_it_is_used() {
    let file = "listeners=IN://a:1,OUT://b:2\nlistener.security.protocol.map=IN:PLAINTEXT,OUT:SASL_SSL,X:SSL\n";
    let secured = of(file, &[]).unwrap().secured;
    assert_eq!(secured.len(), 1);
    assert_eq!(
        (secured[0].0.as_str(), secured[0].1.as_str()),
        ("OUT", "SASL_SSL")
    );
    assert_eq!(of("listeners=SSL://a:1", &[]).unwrap().secured[0].1, "SSL");
    assert_eq!(
        of("security.inter.broker.protocol=SSL", &[])
            .unwrap()
            .secured
            .len(),
        1
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (file, flags, needles) in [
        (
            "listeners=:9092",
            &[][..],
            &["listeners=:9092 (server.properties line 1): expected NAME://HOST:PORT"][..],
        ),
        (
            "",
            &["listen 9092"],
            &["listen=9092 (--listen): expected HOST:PORT"],
        ),
        (
            "listeners=A://x:1,a://x:2",
            &[],
            &["two listeners are called A"],
        ),
        ("listeners=", &[], &["at least one"]),
        (
            "listeners=CONTROLLER://:9093",
            &[],
            &["no listener is for clients"],
        ),
        (
            "listeners=EXTRA://x:1",
            &[],
            &["EXTRA has no security protocol", "EXTRA:PLAINTEXT"],
        ),
        (
            "listener.security.protocol.map=A:TLS",
            &[],
            &["\"A:TLS\" is not NAME:PROTOCOL", "SASL_SSL"],
        ),
        (
            "inter.broker.listener.name=X",
            &[],
            &["inter.broker.listener.name=X", "there are PLAINTEXT"],
        ),
        (
            "advertised.listeners=X://a:1",
            &[],
            &["X belongs to no listener; there are PLAINTEXT"],
        ),
        (
            "advertised.listeners=PLAINTEXT://0.0.0.0:1",
            &[],
            &["cannot connect to every interface"],
        ),
        (
            "",
            &["listen a:1", "advertise b:1", "advertise c:1"],
            &["c:1 belongs to no listener"],
        ),
        (
            "",
            &["listen 0.0.0.0:1"],
            &["listen=0.0.0.0:1 (--listen)", "add --advertise"],
        ),
    ] {
        let why = of(file, flags).unwrap_err();
        assert!(
            needles.iter().all(|needle| why.contains(needle)),
            "{file} {flags:?}: {why}"
        );
    }
}
