//! Transcripts of one file.

use super::script::play;

/// File `f1` opened at place 0.
const OPENED: &str = "
    > open f1 d0/a create #1
    < 1 openat p0 /a Create
    = 1 opened 0 77
    ! #1 opened 0
";

fn play_opened(rest: &str) {
    play(&format!("{OPENED}{rest}"));
}

#[test]
fn short_and_interrupted_writes_are_resumed() {
    play_opened(
        "
        > write f1 @0 abc defg #2
        < 2 pwritev p0 @0 abc defg
        = 2 wrote 4
        < 3 pwritev p0 @4 efg
        = 3 eintr
        < 4 pwritev p0 @4 efg
        = 4 wrote 3
        ! #2 done
        ",
    );
}

#[test]
fn adjacent_waiting_writes_become_one_and_each_is_answered() {
    play_opened(
        "
        > write f1 @0 ab #2 +
        > write f1 @2 cd #3 +
        > write f1 @4 ef #4 +
        > write f1 @9 zz #5
        < 2 pwritev p0 @0 ab cd ef
        = 2 wrote 3
        < 3 pwritev p0 @3 d ef
        ! #2 done
        = 3 wrote 3
        < 4 pwritev p0 @9 zz
        ! #3 done
        ! #4 done
        = 4 wrote 2
        ! #5 done
        ",
    );
}

#[test]
fn a_full_disk_fails_exactly_the_write_that_met_it() {
    play_opened(
        "
        > write f1 @0 ab #2 +
        > write f1 @2 cd #3 +
        > write f1 @4 ef #4
        < 2 pwritev p0 @0 ab cd ef
        = 2 wrote 3
        < 3 pwritev p0 @3 d ef
        ! #2 done
        = 3 enospc
        < 4 pwritev p0 @4 ef
        ! #3 Full
        = 4 wrote 2
        ! #4 done
        ",
    );
}

#[test]
fn writes_and_truncations_are_under_way_one_at_a_time_in_order() {
    play_opened(
        "
        > write f1 @0 abcd #2
        < 2 pwritev p0 @0 abcd
        > truncate f1 2 #3
        > write f1 @2 xy #4
        = 2 wrote 4
        < 3 ftruncate p0 2
        ! #2 done
        = 3 eintr
        < 4 ftruncate p0 2
        = 4 ok
        < 5 pwritev p0 @2 xy
        ! #3 done
        = 5 eio
        ! #4 Broken
        ",
    );
}

#[test]
fn a_sync_waits_for_the_writes_before_it_and_holds_back_none_after_it() {
    play_opened(
        "
        > write f1 @0 ab #2
        < 2 pwritev p0 @0 ab
        > sync f1 #3
        -- Not yet: the write before it is under way.
        > write f1 @2 cd #4
        = 2 wrote 2
        < 3 pwritev p0 @2 cd
        < 4 flush fdatasync p0
        ! #2 done
        -- The later write goes on, and ends, while the sync is under way.
        = 3 wrote 2
        ! #4 done
        = 4 ok
        ! #3 done
        ",
    );
}

#[test]
fn a_sync_that_nobody_waits_for_is_made_aside() {
    play_opened(
        "
        > sync-aside f1 #2
        < 2 bulk fdatasync p0
        > sync-aside f1 #3
        > sync f1 #4
        -- One that somebody waits for takes the other along.
        = 2 ok
        < 3 flush fdatasync p0
        ! #2 done
        -- Where it was interrupted it goes on.
        = 3 eintr
        < 4 flush fdatasync p0
        = 4 ok
        ! #3 done
        ! #4 done
        ",
    );
}

#[test]
fn overlapping_syncs_are_answered_by_a_flush_that_began_after_them() {
    play_opened(
        "
        > write f1 @0 ab #2
        < 2 pwritev p0 @0 ab
        = 2 wrote 2
        ! #2 done
        > sync f1 #3
        < 3 flush fdatasync p0
        > write f1 @2 cd #4
        < 4 pwritev p0 @2 cd
        = 4 wrote 2
        ! #4 done
        > sync f1 #5
        > sync f1 #6
        -- The first flush covers the first sync only.
        = 3 ok
        < 5 flush fdatasync p0
        ! #3 done
        = 5 ok
        ! #5 done
        ! #6 done
        ",
    );
}

#[test]
fn a_failed_sync_breaks_exactly_the_syncs_it_covered() {
    play_opened(
        "
        > sync f1 #2 +
        > sync f1 #3
        < 2 flush fdatasync p0
        > sync f1 #4
        = 2 eio
        < 3 flush fdatasync p0
        ! #2 Broken
        ! #3 Broken
        = 3 eintr
        < 4 flush fdatasync p0
        = 4 ok
        ! #4 done
        ",
    );
}

#[test]
fn a_sync_that_finds_no_room_is_damage() {
    play_opened(
        "
        > sync f1 #2
        < 2 flush fdatasync p0
        = 2 enospc
        ! #2 Broken
        ",
    );
}

#[test]
fn room_is_asked_for_once_and_syncs_wait_for_it() {
    play_opened(
        "
        > allocate f1 100 #2
        < 2 flush fallocate p0 @0 100
        > sync f1 #3
        > write f1 @0 ab #4
        < 3 pwritev p0 @0 ab
        = 3 wrote 2
        ! #4 done
        = 2 ok
        < 4 flush fdatasync p0
        ! #2 done
        = 4 ok
        ! #3 done
        > allocate f1 90 #5
        ! #5 done
        > allocate f1 150 #6
        < 5 flush fallocate p0 @100 50
        = 5 enospc
        ! #6 Full
        > allocate f1 150 #7
        < 6 flush fallocate p0 @100 50
        = 6 eopnotsupp
        ! #7 done
        > truncate f1 1 #8
        < 7 ftruncate p0 1
        = 7 ok
        ! #8 done
        > allocate f1 10 #9
        < 8 flush fallocate p0 @1 9
        = 8 ok
        ! #9 done
        ",
    );
}

#[test]
fn room_that_is_there_already_holds_back_no_sync() {
    play_opened(
        "
        > write f1 @0 abcd #2
        < 2 pwritev p0 @0 abcd
        = 2 wrote 4
        ! #2 done
        > allocate f1 3 #3 +
        > sync f1 #4
        < 3 flush fdatasync p0
        ! #3 done
        ",
    );
}

#[test]
#[should_panic(expected = "F4")]
fn a_queued_range_is_not_overwritten() {
    play_opened(
        "
        accept
        ! opened c2 by peer
        > send c2 f1@10+20
        < 2 sendfile c2 p0 @10 20
        > write f1 @30 fine #2
        < 3 pwritev p0 @30 fine
        > write f1 @29 x #3
        ",
    );
}

#[test]
#[should_panic(expected = "F4")]
fn a_queued_range_is_not_cut_off() {
    play_opened(
        "
        accept
        ! opened c2 by peer
        > send c2 f1@10+20
        < 2 sendfile c2 p0 @10 20
        > truncate f1 29 #2
        ",
    );
}

#[test]
fn reads_are_resumed_until_the_end() {
    play(
        "
        > open f1 d0/a read #1
        < 1 openat p0 /a Read
        = 1 opened 6 77
        ! #1 opened 6
        > read f1 @2 10 #2
        < 2 bulk pread p0 @2 10 after 0
        = 2 read cd
        < 3 bulk pread p0 @4 8 after 2
        = 3 eintr
        < 4 bulk pread p0 @4 8 after 2
        = 4 read ef
        < 5 bulk pread p0 @6 6 after 4
        = 5 read
        ! #2 read cdef
        > read f1 @0 2 #3
        < 6 bulk pread p0 @0 2 after 0
        = 6 read ab
        ! #3 read ab
        > read f1 @0 2 #4
        < 7 bulk pread p0 @0 2 after 0
        = 7 eio
        ! #4 Broken
        ",
    );
}

#[test]
fn closing_waits_for_what_is_under_way_and_the_identity_is_gone_at_once() {
    play_opened(
        "
        > write f1 @0 ab #2
        < 2 pwritev p0 @0 ab
        > sync f1 #3
        > close f1 #4
        > write f1 @2 cd #5
        ! #5 Gone
        = 2 wrote 2
        < 3 flush fdatasync p0
        ! #2 done
        = 3 ok
        < 4 close p0
        ! #3 done
        ! #4 done
        = 4 ok
        > open f2 d0/b create #6
        < 5 openat p0 /b Create
        = 5 opened 0 78
        ! #6 opened 0
        ",
    );
}

#[test]
fn every_operation_on_an_unknown_file_is_answered_gone() {
    play(
        "
        > write f9 @0 ab #1
        ! #1 Gone
        > sync f9 #2
        ! #2 Gone
        > read f9 @0 1 #3
        ! #3 Gone
        > truncate f9 0 #4
        ! #4 Gone
        > allocate f9 1 #5
        ! #5 Gone
        > close f9 #6
        ! #6 Gone
        ",
    );
}
