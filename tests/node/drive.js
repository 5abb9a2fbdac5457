'use strict';
// kafkajs, unmodified, against a broker: one job per call.
//
// In: node drive.js HOST:PORT JOB OPTIONS-AS-JSON.
// Out: the job's result as one line of JSON on standard output; a failure is an exit code other than 0.

const { Kafka, CompressionTypes, ConfigResourceTypes, logLevel } = require('kafkajs');

const [, , address, job, options] = process.argv;
const kafka = new Kafka({
  clientId: 'drive',
  brokers: [address],
  logLevel: logLevel.NOTHING,
  retry: { retries: 3 },
});

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
  // Creates, describes, looks up offsets and deletes.
  async admin({ topic }) {
    return withAdmin(async (admin) => {
      const created = await admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic, numPartitions: 3, configEntries: [{ name: 'retention.ms', value: '1234567' }] }],
      });
      const again = await admin.createTopics({ topics: [{ topic }] });
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
        created,
        again,
        partitions: metadata.topics[0].partitions.map((p) => [p.partitionId, p.leader]),
        retention: configs.resources[0].configEntries[0].configValue,
        offsets,
        brokers: cluster.brokers,
        controller: cluster.controller,
        listed,
      };
    });
  },

  // Sends `count` messages to one partition with every feature a message has; the offsets it was told.
  async produce({ topic, partition, count, gzip, idempotent }) {
    const producer = kafka.producer({ idempotent, maxInFlightRequests: idempotent ? 1 : undefined });
    await producer.connect();
    const told = [];
    try {
      for (let start = 0; start < count; start += 50) {
        const messages = [];
        for (let i = start; i < Math.min(count, start + 50); i += 1) {
          messages.push({
            partition,
            key: i % 5 === 4 ? null : `key ${i}`,
            value: i % 7 === 6 ? null : `value ${i}`,
            headers: { number: `${i}`, language: 'javascript' },
            timestamp: `${1700000000000 + i}`,
          });
        }
        const answers = await producer.send({
          topic,
          acks: -1,
          compression: gzip ? CompressionTypes.GZIP : CompressionTypes.None,
          messages,
        });
        told.push(...answers.map((a) => [a.partition, a.errorCode, Number(a.baseOffset)]));
      }
    } finally {
      await producer.disconnect();
    }
    return told;
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
