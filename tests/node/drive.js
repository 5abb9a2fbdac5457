'use strict';
// kafkajs, unmodified, against a broker: one job per call. kafkajs brings gzip; the other codecs are registered
// from packages of others as its documentation says to.
//
// In: node drive.js HOST:PORT JOB OPTIONS-AS-JSON; records on standard input, a JSON array of
// [key, value, [[header, value]], milliseconds], texts or null (milliseconds null: now).
// Out: the job's result as one line of JSON on standard output; a failure is an exit code other than 0.

const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { Kafka, CompressionTypes, CompressionCodecs, ConfigResourceTypes, Partitioners, logLevel } = require('kafkajs');
const lz4 = require('lz4-napi');
const snappy = require('kafkajs-snappy');
const zstd = require('@mongodb-js/zstd');

const only = (compress) => () => ({
  compress,
  decompress() {
    throw new Error('a producer decompresses nothing');
  },
});
CompressionCodecs[CompressionTypes.Snappy] = snappy;
CompressionCodecs[CompressionTypes.LZ4] = only(({ buffer }) => lz4.compressFrame(buffer));
CompressionCodecs[CompressionTypes.ZSTD] = only(({ buffer }) => zstd.compress(buffer));
const codecs = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

const [, , address, job, options] = process.argv;
const { version } = require('kafkajs/package.json');
const client = (retry) => new Kafka({ clientId: `kafkajs-${version}`, brokers: [address], logLevel: logLevel.NOTHING, retry });
const kafka = client({ retries: 3 });

// kafkajs makes one batch per partition of what it is given at once, however large: about 500,000 bytes here.
function* batches(records) {
  let some = [];
  let size = 0;
  for (const record of records) {
    const more = (record[1] ?? '').length;
    if (some.length === 250 || (some.length > 0 && size + more > 500000)) {
      yield some;
      some = [];
      size = 0;
    }
    some.push(record);
    size += more;
  }
  yield some;
}

// A record of standard input as kafkajs takes it. Headers of one name that are to stay apart are an array.
function message([key, value, headers, time], partition) {
  const named = {};
  for (const [name, text] of headers) {
    named[name] = name in named ? [].concat(named[name], text) : text;
  }
  return { partition: partition ?? undefined, key, value, headers: named, timestamp: time === null ? undefined : `${time}` };
}

async function withAdmin(work) {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

const jobs = {
  // Creates twice: whether each time a topic was made.
  async create({ topic, partitions }) {
    return withAdmin(async (admin) => [
      await admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic, numPartitions: partitions, configEntries: [{ name: 'retention.ms', value: '1234567' }] }],
      }),
      await admin.createTopics({ topics: [{ topic }] }),
    ]);
  },

  // Describes, looks up offsets and deletes.
  async describe({ topic }) {
    return withAdmin(async (admin) => {
      const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
      const configs = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }],
      });
      const offsets = await admin.fetchTopicOffsets(topic);
      const cluster = await admin.describeCluster();
      const listed = (await admin.listTopics()).includes(topic);
      await admin.deleteTopics({ topics: [topic] });
      return {
        partitions: metadata.topics[0].partitions.map((p) => [p.partitionId, p.leader]),
        retention: configs.resources[0].configEntries[0].configValue,
        offsets,
        brokers: cluster.brokers,
        controller: cluster.controller,
        listed,
      };
    });
  },

  // Sends standard input's records to a partition, or to where their keys belong; the offsets it was told
  // (no answer comes to acks 0, and none is of use when there are several partitions).
  async produce({ topic, partition, codec, acks, idempotent }) {
    const records = JSON.parse(readFileSync(0, 'utf8'));
    const producer = kafka.producer({
      idempotent,
      maxInFlightRequests: idempotent ? 1 : undefined,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const told = [];
    try {
      for (const some of batches(records)) {
        const messages = some.map((record) => message(record, partition));
        const answers = await producer.send({ topic, acks, compression: codecs[codec], messages });
        if (acks !== 0 && partition !== null) {
          const [answer] = answers;
          told.push(...messages.map((_, i) => Number(answer.baseOffset) + i));
        }
      }
    } finally {
      await producer.disconnect();
    }
    return told;
  },

  // Sends numbered records to partition 0 until SIGTERM, some at a time; one line [first number, count, offset] for
  // each answer. The values are those of payload() in test_crash.py.
  async endless({ topic, idempotent, codec }) {
    let stopping = false;
    process.on('SIGTERM', () => {
      stopping = true;
    });
    const patient = client({ retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 20, maxRetryTime: 200 });
    const producer = patient.producer({ idempotent, maxInFlightRequests: 1 });
    await producer.connect();
    for (let first = 0, count = 1; !stopping; first += count, count = (count % 20) + 1) {
      const messages = [];
      for (let i = first; i < first + count; i += 1) {
        const filler = createHash('blake2b512').update(`${topic} ${i}`).digest('hex').repeat(i % 20);
        messages.push({ partition: 0, value: `${topic}:${i}:${filler}` });
      }
      const [answer] = await producer.send({ topic, acks: -1, compression: codecs[codec], messages });
      console.log(JSON.stringify([first, count, Number(answer.baseOffset)]));
    }
    await producer.disconnect();
    return [0, 0, 0];
  },

  // A member of a group until SIGTERM; it commits each batch. The lines are those of member.py.
  async member({ topic, group, session }) {
    const patient = client({ retries: Number.MAX_SAFE_INTEGER, initialRetryTime: 20, maxRetryTime: 200 });
    const consumer = patient.consumer({
      groupId: group,
      sessionTimeout: session,
      heartbeatInterval: session / 10,
      rebalanceTimeout: session,
      maxWaitTimeInMs: 50,
    });
    const say = (what) => console.log(JSON.stringify(what));
    let owned = [];
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      say({ revoked: owned });
      owned = payload.memberAssignment[topic] ?? [];
      say({ assigned: owned });
    });
    consumer.on(consumer.events.REBALANCING, () => say({ revoked: owned }));
    const stopped = new Promise((resolve) => {
      process.on('SIGTERM', resolve);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        for (const { offset, value } of batch.messages) {
          say({ record: [batch.partition, Number(offset), `${value}`] });
        }
        const next = Number(batch.lastOffset()) + 1;
        try {
          await consumer.commitOffsets([{ topic, partition: batch.partition, offset: `${next}` }]);
          say({ committed: [[batch.partition, next]] });
        } catch (error) {
          say({ refused: `${error}` });
          throw error;
        }
      },
    });
    await stopped;
    await consumer.disconnect();
    return { closed: true };
  },

  // A group that has offsets and no members: what is told of it, and its deletion.
  async groups({ topic, group }) {
    return withAdmin(async (admin) => {
      await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '7' }] });
      const [fetched] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      const described = await admin.describeGroups([group]);
      const listed = (await admin.listGroups()).groups.some(({ groupId }) => groupId === group);
      const deleted = await admin.deleteGroups([group]);
      return { fetched: fetched.partitions, state: described.groups[0].state, listed, deleted };
    });
  },

  // A transactional producer: the type of the error it gets.
  async transaction({ topic }) {
    const producer = kafka.producer({ transactionalId: 'tx', idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    try {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: 'x' }] });
      await transaction.commit();
      return 'committed';
    } catch (error) {
      return (error.cause || error).type || error.name;
    } finally {
      await producer.disconnect();
    }
  },
};

jobs[job](JSON.parse(options)).then(
  (result) => {
    console.log(JSON.stringify(result));
    process.exit(0);
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
