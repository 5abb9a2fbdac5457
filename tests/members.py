"""Members of classic groups by raw requests: who joins, assigns, commits; many of them at once.

In: an open broker. Out: stable groups whose members nobody drives but the caller.
"""

import select

from brokers import wait_until
from wire import Connection, request_frame

JOIN, SYNC, BEAT, COMMIT, FETCH = 5, 3, 3, 8, 7
SESSION_MS, REBALANCE_MS = 45_000, 60_000
REBALANCE_IN_PROGRESS, MEMBER_ID_REQUIRED = 27, 79


def find_coordinator(raw, group):
    """Waits until the group has a coordinator."""
    def found():
        return not raw.ask("FindCoordinator", 4, key_type=0, coordinator_keys=[group]).coordinators[0].error_code

    def loaded():
        return not raw.ask("DescribeGroups", 4, groups=[group], include_authorized_operations=False).groups[0].error_code

    wait_until(found, f"a coordinator of {group}")
    wait_until(loaded, f"the groups of {group}'s coordinator")


class Member:
    """One member on a connection of its own. Every request is sent by hand; `heard` takes the next answer in."""

    def __init__(self, address, group, session_ms=SESSION_MS):
        self.raw = Connection(address)
        self.group, self.session_ms = group, session_ms
        self.id, self.generation, self.stable = "", -1, False

    def join(self):
        self.stable = False
        self.raw.send("JoinGroup", JOIN, group_id=self.group, session_timeout_ms=self.session_ms,
                      rebalance_timeout_ms=REBALANCE_MS, member_id=self.id, group_instance_id=None,
                      protocol_type="consumer", protocols=[{"name": "range", "metadata": b"\0\0\0\0\0\0\xff\xff\xff\xff"}])

    def sync(self, ids=()):
        self.raw.send("SyncGroup", SYNC, group_id=self.group, generation_id=self.generation, member_id=self.id,
                      group_instance_id=None, assignments=[{"member_id": m, "assignment": m.encode()} for m in ids])

    def heard(self):
        """Takes an answer of join or sync in and goes on as a consumer does."""
        asked, answer = self.raw.waiting[0][0], self.raw.receive()
        if asked == "JoinGroup":
            if answer.error_code == MEMBER_ID_REQUIRED:
                self.id = answer.member_id
                return
            assert answer.error_code == 0, answer
            self.generation = answer.generation_id
            self.sync([m.member_id for m in answer.members])
        elif answer.error_code == REBALANCE_IN_PROGRESS:
            self.join()
        else:
            assert answer.error_code == 0, answer
            self.stable = True

    def beat_frame(self):
        """A heartbeat, to be sent again and again."""
        return request_frame("Heartbeat", BEAT, group_id=self.group, generation_id=self.generation,
                             member_id=self.id, group_instance_id=None)

    def close(self):
        self.raw.close()


def settle(members):
    """Goes on until all are stable in one generation."""
    by_socket = {member.raw.socket: member for member in members}
    poll = select.epoll()
    by_number = {socket.fileno(): member for socket, member in by_socket.items()}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    while not all(member.stable for member in members) or len({member.generation for member in members}) > 1:
        for member in members:
            if member.stable and member.generation < max(other.generation for other in members):
                member.join()
        for number, _ in poll.poll(15):
            by_number[number].heard()
    poll.close()


def form(address, group, size, session_ms=SESSION_MS):
    """A stable group of so many members."""
    members = [Member(address, group, session_ms) for _ in range(size)]
    for member in members:
        member.join()
    for member in members:
        member.heard()
    for member in members:
        member.join()
    settle(members)
    return members
