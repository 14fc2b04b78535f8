// Uses an official JavaScript driver in every way that an application may.
//
//     node drive.js neo4j-driver-5 bolt://127.0.0.1:7687
//
// The server's database is the one of the Go test that runs this program.
'use strict'

const assert = require('node:assert/strict')

const [name, url] = process.argv.slice(2)
const neo4j = require(name)

const ECHO = 'RETURN $value AS value'
const RANGE = "UNWIND range(1, $n) AS i RETURN i, 'row' AS text"
const CREATE = 'CREATE (:X)'
const COUNT = 'MATCH (n:X) RETURN count(n) AS n'
const GRAPH = 'MATCH (n)-[r]->() RETURN n, r'
const FAIL_COMMITS = 'FAIL COMMITS'

const upTo = n => Array.from({ length: n }, (_, i) => i + 1)

async function within (driver, config, work) {
  const session = driver.session(config)
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

const count = driver => within(driver, {}, async s => (await s.run(COUNT)).records[0].get('n'))

const tests = {
  async identity (driver) {
    const { agent, protocolVersion: version } = await driver.getServerInfo()
    assert.equal(agent, 'Neo4j/v5.11.0 compatible graph database server - Memgraph')
    // a number in 5.x, an object in 6.x
    assert.equal(version.major ? `${version.major}.${version.minor}` : String(version), '5.2')
  },

  async autocommit (driver) {
    const before = await count(driver)
    const { summary } = await within(driver, {}, s => s.run(CREATE))
    assert.equal(summary.counters.updates().nodesCreated, 1)
    assert.equal(summary.queryType, 'w')
    assert.equal(summary.database.name, 'memgraph')
    assert.equal(await count(driver), before + 1)
  },

  async values (driver) {
    const sent = { null: null, bool: true, int: 2 ** 40, float: 0.1, text: 'Größe', list: [1, []], map: { a: {} } }
    const { records } = await within(driver, {}, s => s.run(ECHO, { value: sent }))
    assert.deepEqual(records[0].get('value'), sent)
    const graph = (await within(driver, {}, s => s.run(GRAPH))).records[0]
    const [node, edge] = [graph.get('n'), graph.get('r')]
    assert.deepEqual([node.elementId, node.labels, node.properties], ['1', ['X'], { id: 7 }])
    assert.deepEqual([edge.elementId, edge.type, edge.properties], ['2', 'KNOWS', { since: 1.5 }])
    assert.deepEqual([edge.startNodeElementId, edge.endNodeElementId], ['1', '3'])
  },

  async explicitTransactions (driver) {
    const before = await count(driver)
    await within(driver, { database: 'memgraph' }, async session => {
      const undone = await session.beginTransaction()
      await undone.run(CREATE)
      await undone.rollback()
      const done = await session.beginTransaction()
      await done.run(CREATE)
      await done.run(CREATE)
      await done.commit()
    })
    assert.equal(await count(driver), before + 2)
  },

  async managedTransactions (driver) {
    const before = await count(driver)
    let tries = 0
    await within(driver, {}, async session => {
      await session.run(FAIL_COMMITS, { n: neo4j.int(1) })
      await session.executeWrite(tx => { tries++; return tx.run(CREATE) })
      const { records } = await session.executeRead(tx => tx.run(COUNT))
      assert.equal(records[0].get('n'), before + 1)
    })
    assert.equal(tries, 2)
  },

  async resultsSideBySide (driver) {
    await within(driver, { fetchSize: 2 }, async session => {
      const tx = await session.beginTransaction()
      const n = neo4j.int(9)
      const [a, b] = await Promise.all([tx.run(RANGE, { n }), tx.run(RANGE, { n })])
      assert.deepEqual(a.records.map(r => r.get('i')), upTo(9))
      assert.deepEqual(b.records.map(r => r.get('i')), upTo(9))
      await tx.commit()
    })
  },

  async portions (driver) {
    await within(driver, { fetchSize: 10 }, async session => {
      const seen = []
      for await (const record of session.run(RANGE, { n: neo4j.int(2 ** 40) })) {
        if (seen.push(record.get('i')) === 25) break
      }
      assert.deepEqual(seen, upTo(25))
    })
    assert.equal((await within(driver, {}, s => s.run(ECHO, { value: 1 }))).records[0].get('value'), 1)
  },

  async hundredThousand (driver) {
    const { records } = await within(driver, {}, s => s.run(RANGE, { n: neo4j.int(100000) }))
    assert.equal(records.length, 100000)
    assert.equal(records.at(-1).get('i'), 100000)
  },

  async failures (driver) {
    await within(driver, {}, async session => {
      for (let i = 0; i < 3; i++) {
        await assert.rejects(session.run('BROKEN'), e =>
          e.code === 'Memgraph.ClientError.MemgraphError.MemgraphError' && /Error on line 1/.test(e.message))
        await assert.rejects(session.run('BROKEN ROWS'), /The disk is on fire/)
        await assert.rejects(session.run(ECHO, { value: new neo4j.types.Date(2020, 1, 2) }), /not supported/)
        assert.equal((await session.run(ECHO, { value: i })).records[0].get('value'), i)
      }
      const tx = await session.beginTransaction()
      await assert.rejects(tx.run('BROKEN'))
      await tx.close()
      assert.equal((await session.run(ECHO, { value: 2 })).records[0].get('value'), 2)
    })
  },

  async pool (driver) {
    const before = await count(driver)
    await Promise.all(upTo(50).map(() => within(driver, {}, s => s.run(CREATE))))
    assert.equal(await count(driver), before + 50)
  },

  async users (driver) {
    for (const user of ['bob', 'eve', 'bob']) {
      const { records } = await within(driver, { auth: neo4j.auth.basic(user, 'x') }, s => s.run(ECHO, { value: user }))
      assert.equal(records[0].get('value'), user)
    }
  },

  async routing () {
    const routed = neo4j.driver(url.replace('bolt:', 'neo4j:'))
    await assert.rejects(routed.getServerInfo())
    await routed.close()
  }
}

async function main () {
  const driver = neo4j.driver(url, neo4j.auth.basic('ann', 'x'), { disableLosslessIntegers: true, maxConnectionPoolSize: 5 })
  try {
    for (const [title, test] of Object.entries(tests)) {
      await test(driver)
      console.log('ok', title)
    }
  } finally {
    await driver.close()
  }
}

main().catch(error => {
  console.error(error)
  process.exitCode = 1
})
