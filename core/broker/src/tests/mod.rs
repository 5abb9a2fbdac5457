//! The front, driven by bytes: frames in, frames out.

/// Asks and reads the answer.
macro_rules! ask {
    ($house:expr, $conn:expr, $key:ident, $version:expr, $request:expr, $response:ident, |$answer:ident| $judge:expr) => {{
        let version: i16 = $version;
        $house.send(
            $conn,
            &request(ApiKey::$key, version, 42, |w, v| $request.encode(w, v)),
        );
        answered!($house, $conn, $key, version, $response, |$answer| $judge)
    }};
}

macro_rules! answered {
    ($house:expr, $conn:expr, $key:ident, $version:expr, $response:ident, |$answer:ident| $judge:expr) => {{
        let version: i16 = $version;
        let frames = $house.frames($conn);
        assert_eq!(
            frames.len(),
            1,
            "one answer to {} version {version}",
            ApiKey::$key
        );
        let (correlation, mut reader) = opened(ApiKey::$key, version, &frames[0]);
        assert_eq!(correlation, 42);
        let $answer = $response::decode(&mut reader, version).expect("an answer");
        assert_eq!(reader.left(), 0);
        $judge
    }};
}

mod apis;
mod connections;
mod fetches;
mod house;
mod leaders;
mod metadata;
mod produces;
mod recorded;
mod topics;
mod walks;
