//! What becomes of names below a directory that is removed.

use ottla_media::{Media, Opening};

#[test]
fn a_directory_that_is_durably_gone_keeps_nothing_of_what_was_in_it() {
    let create = Opening {
        create: true,
        truncate: false,
    };
    let mut media = Media::new(1 << 20);
    for synced in [false, true] {
        media.make_dir("t").unwrap();
        media.make_dir("t/s").unwrap();
        for path in ["t/a", "t/s/b"] {
            let node = media.open(path, create).unwrap().node;
            media.write(node, 0, b"bytes").unwrap();
            media.close(node);
        }
        if synced {
            for dir in ["", "t", "t/s"] {
                media.sync_dir(dir).unwrap();
            }
        }
        media.unlink("t/s/b").unwrap();
        media.remove_dir("t/s").unwrap();
        media.unlink("t/a").unwrap();
        media.remove_dir("t").unwrap();
        let (free, total) = media.space();
        assert!(free < total, "a power cut may bring it back");
        media.sync_dir("").unwrap();
        assert_eq!(media.space(), (total, total));
        assert!(media.durable_image().paths().is_empty());
    }
}

#[test]
fn a_directory_that_is_renamed_keeps_what_is_pending_in_it() {
    let mut media = Media::new(1 << 20);
    media.make_dir("t").unwrap();
    media.make_dir("t/s").unwrap();
    media.sync_dir("").unwrap();
    media.rename("t", "u").unwrap();
    media.sync_dir("").unwrap();
    let image = media.durable_image();
    assert!(image.status("u").is_ok());
    assert!(image.status("u/s").is_err(), "its directory was not synced");
}
