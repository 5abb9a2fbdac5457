//! Transcripts of names: opening, renaming, removing.

use super::script::play;

const MADE: &str = "
    > mkdir d0/t d7 #1
    < 1 mkdirat /t
    = 1 ok
    ! #1 done
";

#[test]
fn opening_answers_what_went_wrong() {
    play(
        "
        > open f1 d0/a read #1
        < 1 openat p0 /a Read
        = 1 enoent
        ! #1 Gone
        > open f1 d0/a read #2
        < 2 openat p0 /a Read
        = 2 emfile
        ! #2 Busy
        > open f1 d0/a read #3
        < 3 openat p0 /a Read
        = 3 eintr
        < 4 openat p0 /a Read
        = 4 opened 5 1
        ! #3 opened 5
        > open f2 d9/a read #4
        ! #4 Gone
        ",
    );
}

#[test]
fn directories_are_made_listed_synced_and_measured() {
    play(
        "
        > mkdir d0/t d7 #1
        < 1 mkdirat /t
        = 1 eexist
        ! #1 done
        > list d7 #2
        < 2 bulk listdir /t
        = 2 listed a:5 b:dir
        ! #2 listed a b
        > syncdir d7 #3
        < 3 flush fsyncdir /t
        = 3 eintr
        < 4 flush fsyncdir /t
        = 4 eio
        ! #3 Broken
        > space d0 #4
        < 5 bulk statfs /
        = 5 ok
        ! #4 space 10 20
        > syncdir d0 #5
        < 6 flush fsyncdir /
        = 6 enospc
        ! #5 Broken
        ",
    );
}

#[test]
fn identities_follow_a_renamed_directory() {
    play(&format!(
        "{MADE}
        > open f1 d7/a create #2
        < 2 openat p0 /t/a Create
        = 2 opened 0 5
        ! #2 opened 0
        > rename d0/t d0/u #3
        < 3 renameat /t /u
        = 3 ok
        ! #3 done
        > open f2 d7/b create #4
        < 4 openat p1 /u/b Create
        = 4 opened 0 6
        ! #4 opened 0
        > write f1 @0 ab #5
        < 5 pwritev p0 @0 ab
        = 5 wrote 2
        ! #5 done
        -- The old name may be made again; the two do not mix.
        > mkdir d0/t d8 #6
        < 6 mkdirat /t
        = 6 ok
        ! #6 done
        > list d8 #7
        < 7 bulk listdir /t
        > list d7 #8
        < 8 bulk listdir /u
        "
    ));
}

#[test]
fn a_rename_waits_for_calls_below_the_directory_and_later_ones_wait_for_it() {
    play(&format!(
        "{MADE}
        > syncdir d7 #2
        < 2 flush fsyncdir /t
        > rename d0/t d0/u #3
        > list d7 #4
        -- What does not lead through it goes on.
        > space d0 #5
        < 3 bulk statfs /
        = 3 ok
        ! #5 space 10 20
        = 2 ok
        < 4 renameat /t /u
        ! #2 done
        = 4 eintr
        < 5 renameat /t /u
        = 5 ok
        < 6 bulk listdir /u
        ! #3 done
        "
    ));
}

#[test]
fn a_failed_rename_changes_no_path() {
    play(&format!(
        "{MADE}
        > rename d0/t d0/u #2
        < 2 renameat /t /u
        = 2 eio
        ! #2 Broken
        > list d7 #3
        < 3 bulk listdir /t
        > rename d0/none d9/x #4
        ! #4 Gone
        "
    ));
}

#[test]
fn a_rename_that_waited_for_nothing_lets_the_directory_go() {
    play(&format!(
        "{MADE}
        > mkdir d0/v d8 #2
        < 2 mkdirat /v
        = 2 ok
        ! #2 done
        > syncdir d7 #3
        < 3 flush fsyncdir /t
        > remove d0/v #4
        < 4 bulk lookup /v
        > rename d0/t d8/x #5
        = 4 enoent
        ! #4 done
        = 3 ok
        ! #5 Gone
        ! #3 done
        > list d7 #6
        < 5 bulk listdir /t
        "
    ));
}

#[test]
fn removing_what_is_not_there_is_done() {
    play(
        "
        > remove d0/a #1
        < 1 bulk lookup /a
        = 1 enoent
        ! #1 done
        ",
    );
}

#[test]
fn a_large_file_loses_its_name_first_and_then_its_bytes_by_slices() {
    play(
        "
        > remove d0/a #1
        < 1 bulk lookup /a
        = 1 file 3000000 5
        < 2 bulk openat p0 /a Write
        = 2 opened 3000000 5
        < 3 bulk unlinkat /a
        = 3 ok
        < 4 bulk ftruncate p0 2097152
        = 4 ok
        < 5 bulk ftruncate p0 1048576
        = 5 ok
        < 6 bulk close p0
        = 6 ok
        ! #1 done
        ",
    );
}

#[test]
fn a_file_that_is_open_keeps_its_bytes_until_it_is_closed() {
    play(
        "
        > open f1 d0/a write #1
        < 1 openat p0 /a Write
        = 1 opened 1500000 5
        ! #1 opened 1500000
        > remove d0/a #2
        < 2 bulk lookup /a
        = 2 file 1500000 5
        < 3 bulk unlinkat /a
        = 3 ok
        ! #2 done
        > read f1 @0 2 #3
        < 4 bulk pread p0 @0 2 after 0
        = 4 read ab
        ! #3 read ab
        > close f1 #4
        < 5 bulk ftruncate p0 1048576
        ! #4 done
        = 5 ok
        < 6 bulk close p0
        = 6 ok
        ",
    );
}

#[test]
fn a_directory_is_removed_with_all_that_is_in_it() {
    play(&format!(
        "{MADE}
        > remove d0/t #2
        < 2 bulk lookup /t
        = 2 dir 0 5
        < 3 bulk listdir /t
        = 3 listed a:10 s:dir
        < 4 bulk unlinkat /t/a
        = 4 ok
        < 5 bulk listdir /t/s
        = 5 listed b:99999999
        < 6 bulk lookup /t/s/b
        = 6 file 99999999 9
        < 7 bulk openat p0 /t/s/b Write
        = 7 emfile
        -- Then it is not shortened, that is all.
        < 8 bulk unlinkat /t/s/b
        = 8 ok
        < 9 bulk listdir /t/s
        = 9 listed
        < 10 bulk rmdir /t/s
        = 10 ok
        < 11 bulk listdir /t
        = 11 listed
        < 12 bulk rmdir /t
        = 12 ok
        ! #2 done
        > list d7 #3
        ! #3 Gone
        "
    ));
}

#[test]
fn a_removal_that_fails_gives_its_descriptor_back() {
    play(
        "
        > remove d0/a #1
        < 1 bulk lookup /a
        = 1 file 100000000 5
        < 2 bulk openat p0 /a Write
        = 2 opened 100000000 5
        < 3 bulk unlinkat /a
        = 3 eio
        < 4 bulk close p0
        = 4 ok
        ! #1 Broken
        > remove d0/b #2
        < 5 bulk lookup /b
        = 5 dir 0 6
        < 6 bulk listdir /b
        = 6 listed
        < 7 bulk rmdir /b
        = 7 enotempty
        ! #2 Broken
        ",
    );
}
