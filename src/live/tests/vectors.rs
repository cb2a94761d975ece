//! The vectors shared with the page's own reader: each message means the same in both forms.

use serde_json::Value;

use crate::live::Carrier;
use crate::model::Labels;

use super::client::{Client, Known, number};

/// A client whose channel stands where the first frame of a vector expects it.
fn standing(carrier: Carrier, frame: &Value, previous: &[f64]) -> Option<(Client, u32)> {
    let (block, after) = match (frame.get("tick"), frame.get("batch")) {
        (Some(tick), _) => {
            let block = &tick["blocks"][0];
            let open = tick.get("open").is_some_and(|open| open == true);
            (block, block["seq"].as_u64()? - u64::from(!open))
        }
        (_, Some(batch)) => (batch, batch["after"].as_u64()?),
        _ => return None,
    };
    let series = (0..previous.len()).map(|at| Labels::named(&format!("s{at}")));
    let mut known = Known { whole: true, seq: after, series: series.collect(), ..Known::default() };
    let revised = block["revised"].as_array().into_iter().flatten().map(|one| &one["n"]);
    for n in [&block["n"], &block["from_n"]].into_iter().chain(revised).filter_map(Value::as_i64) {
        known.columns.insert(n, previous.to_vec());
        known.columns.insert(n - 1, previous.to_vec());
    }
    let channel = block["channel"].as_u64()? as u32;
    let mut client = Client::new(carrier);
    client.channels.insert(channel, known);
    Some((client, channel))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).expect("hexadecimal") as u8;
    hex.as_bytes().chunks(2).map(|pair| digit(&pair[0]) << 4 | digit(&pair[1])).collect()
}

#[test]
fn both_forms_of_a_vector_mean_the_same() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/vectors/live.json")).expect("vectors");
    assert!(vectors.len() >= 5);
    for vector in &vectors {
        let name = vector["name"].as_str().expect("a name");
        let frames = vector["json"].as_array().expect("frames");
        let previous: Vec<f64> =
            vector["previous"].as_array().expect("a column").iter().map(number).collect();
        let state = |carrier: Carrier| {
            let (mut client, channel) = standing(carrier, &frames[0], &previous)?;
            if carrier == Carrier::SocketBinary {
                client.take_binary(&bytes(vector["hex"].as_str().expect("bytes")));
            } else {
                for frame in frames {
                    client.take_json(frame.clone());
                }
            }
            let known = &client.channels[&channel];
            assert!(!known.hole, "{name}");
            Some(format!("{} {:?} {:?} {:?}", known.seq, known.columns, known.open, client.heard))
        };
        assert_eq!(state(Carrier::SocketBinary), state(Carrier::SocketText), "{name}");
    }
}
