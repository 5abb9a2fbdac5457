"""Where our answers differ from Apache Kafka's on purpose.

In: the broker this run is about. Out: the error codes a test may see.
"""

import brokers

# what: (Apache Kafka 4.3.1, ours, why ours is another)
DIFFERENCES = {
    "Metadata with neither id nor name": ({-1}, {42, 100}, "Kafka's handler fails on it; a refusal names the fault"),
    "Produce null records": ({None}, {87}, "Kafka's handler fails and no answer ever comes; a client would hang"),
    "Produce unknown codec": ({-1}, {76, 87}, "an unknown codec is the client's fault, not an unknown server error"),
    "a torn batch behind a whole one": ({0}, {0, 87}, "Kafka drops the torn part without a word"),
    "transaction coordinator": ({0, 15}, {53}, "transactions are not served yet: 53 is final for clients, 15 is a minute's wait"),
    "Produce in an unknown transaction": ({19, 49}, {49, 53}, "there is no coordinator to ask; Kafka says 19 until it has one"),
    "InitProducerId with a transactional id": ({0, 14, 15, 16, 51}, {53}, "as for the transaction coordinator"),
}


def answers(what):
    return DIFFERENCES[what][0 if brokers.APACHE else 1]
