//! Transcripts of connections.

use super::script::play;

const ACCEPTED: &str = "
    accept
    ! opened c2 by peer
";

const WITH_FILE: &str = "
    > open f1 d0/a create #1
    < 1 openat p0 /a Create
    = 1 opened 100 77
    ! #1 opened 100
    accept
    ! opened c2 by peer
";

fn play_accepted(rest: &str) {
    play(&format!("{ACCEPTED}{rest}"));
}

fn play_with_file(rest: &str) {
    play(&format!("{WITH_FILE}{rest}"));
}

#[test]
fn input_is_delivered_when_enough_is_there() {
    play_accepted(
        "
        > receive c2 4 10
        < 1 recv c2 [] room 10
        = 1 got ab
        < 2 recv c2 [ab] room 8
        = 2 eintr
        < 3 recv c2 [ab] room 8
        = 3 got cdef
        ! received c2 abcdef
        -- Nothing is read that was not asked for.
        turn
        > receive c2 4 10
        < 4 recv c2 [] room 10
        = 4 got
        < 5 closeconn c2
        = 5 ok
        ! closed c2 Eof
        ",
    );
}

#[test]
fn what_is_carried_comes_first() {
    play_accepted(
        "
        > receive c2 6 10 abc
        < 1 recv c2 [abc] room 7
        = 1 got def
        ! received c2 abcdef
        > receive c2 3 10 xyz
        ! received c2 xyz
        ",
    );
}

#[test]
fn a_large_frame_is_read_into_a_buffer_of_its_own() {
    play_accepted(
        "
        > receive c2 200000 200000 abcd
        < 1 recv c2 own [abcd] room 199996
        ",
    );
}

#[test]
fn output_is_counted_once_per_turn() {
    play_accepted(
        "
        > send c2 ab cd +
        > send c2 ef
        < 1 sendmsg c2 ab cd ef
        = 1 took 3
        < 2 sendmsg c2 d ef
        = 2 eintr
        < 3 sendmsg c2 d ef
        = 3 took 3
        turn
        ! sent c2 6
        turn
        > send c2 gh
        < 4 sendmsg c2 gh
        = 4 took 2
        turn
        ! sent c2 8
        ",
    );
}

#[test]
fn ranges_are_sent_in_order_between_bytes_and_resumed() {
    play_with_file(
        "
        > send c2 head f1@10+20 tail
        < 2 sendmsg c2 head more
        = 2 took 4
        < 3 sendfile c2 p0 @10 20
        = 3 sent 5
        < 4 sendfile c2 p0 @15 15
        = 4 cold
        < 5 bulk warm p0 @15 15
        = 5 ok
        < 6 sendfile c2 p0 @15 15 warm
        = 6 sent 15
        < 7 sendmsg c2 tail
        = 7 took 4
        turn
        ! sent c2 28
        ",
    );
}

#[test]
fn a_range_beyond_the_end_closes_the_connection() {
    play_with_file(
        "
        > send c2 f1@90+20
        < 2 sendfile c2 p0 @90 20
        = 2 sent 10
        < 3 sendfile c2 p0 @100 10
        = 3 sent 0
        < 4 closeconn c2
        = 4 ok
        ! closed c2 Disk(File(1), Broken)
        turn
        ",
    );
}

#[test]
fn a_range_that_cannot_be_read_closes_the_connection() {
    play_with_file(
        "
        > send c2 f1@0+20
        < 2 sendfile c2 p0 @0 20
        = 2 file eio
        < 3 closeconn c2
        = 3 ok
        ! closed c2 Disk(File(1), Broken)
        accept
        ! opened c4 by peer
        > send c4 x f9@0+1
        < 4 closeconn c4
        = 4 ok
        ! closed c4 Disk(File(9), Gone)
        ",
    );
}

#[test]
fn a_queued_range_stays_readable_after_close_and_removal() {
    play_with_file(
        "
        > send c2 f1@0+20
        < 2 sendfile c2 p0 @0 20
        > remove d0/a #2
        < 3 bulk lookup /a
        = 3 file 100 77
        < 4 bulk unlinkat /a
        = 4 ok
        ! #2 done
        > close f1 #3
        ! #3 done
        = 2 sent 8
        < 5 sendfile c2 p0 @8 12
        = 5 sent 12
        < 6 close p0
        = 6 ok
        ",
    );
}

#[test]
fn closing_now_drops_the_queue_before_anything_later() {
    play_with_file(
        "
        > send c2 ab f1@0+20
        < 2 sendmsg c2 ab more
        > receive c2 1 9
        < 3 recv c2 [] room 9
        > end c2 now +
        > truncate f1 0 #2
        < 4 closeconn c2
        < 5 ftruncate p0 0
        -- Late answers change nothing.
        = 2 took 2
        = 4 ok
        ! closed c2 Asked
        = 3 got abc
        = 5 ok
        ! #2 done
        > send c2 late
        > receive c2 1 9
        > end c2 now
        turn
        ",
    );
}

#[test]
fn draining_sends_what_is_queued_and_reads_no_more() {
    play_accepted(
        "
        > receive c2 1 9
        < 1 recv c2 [] room 9
        > send c2 bye
        < 2 sendmsg c2 bye
        > end c2 drained
        > send c2 never
        = 1 got abc
        = 2 took 3
        < 3 closeconn c2
        = 3 ok
        ! closed c2 Asked
        accept
        ! opened c4 by peer
        > end c4 drained
        < 4 closeconn c4
        = 4 ok
        ! closed c4 Asked
        ",
    );
}

#[test]
fn a_broken_connection_is_closed_once() {
    play_accepted(
        "
        > receive c2 1 9
        < 1 recv c2 [] room 9
        > send c2 ab
        < 2 sendmsg c2 ab
        = 2 econnreset
        < 3 closeconn c2
        = 1 econnreset
        > end c2 now
        = 3 ok
        ! closed c2 Reset
        turn
        ",
    );
}

#[test]
fn outgoing_connections_open_or_say_why_not() {
    play(
        "
        > connect c1 host
        < 1 connect c1 host
        > receive c1 1 9
        > send c1 hello
        = 1 ok
        < 2 sendmsg c1 hello
        < 3 recv c1 [] room 9
        ! opened c1 by there
        > connect c3 host
        < 4 connect c3 host
        = 4 econnrefused
        < 5 closeconn c3
        = 5 ok
        ! closed c3 Refused
        > connect c5 host
        < 6 connect c5 host
        > end c5 now
        < 7 closeconn c5
        = 7 ok
        ! closed c5 Asked
        = 6 ok
        ",
    );
}

#[test]
fn what_is_queued_before_a_connection_is_there_is_drained_when_it_is() {
    play(
        "
        > connect c1 host
        < 1 connect c1 host
        > receive c1 1 9
        > send c1 hello
        > end c1 drained
        > send c1 never
        = 1 ok
        < 2 sendmsg c1 hello
        ! opened c1 by there
        = 2 took 5
        < 3 closeconn c1
        = 3 ok
        ! closed c1 Asked
        -- Nobody is there: nothing is sent.
        > connect c3 host
        < 4 connect c3 host
        > send c3 hello
        > end c3 drained
        = 4 econnrefused
        < 5 closeconn c3
        = 5 ok
        ! closed c3 Refused
        ",
    );
}
